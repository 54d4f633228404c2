"""Event recording: transactions that write domain events together with the changes that these describe.

All use cases write through the ports, so this is the one place where events come from: what ends a job goes through
`jobs.replace`, every ledger entry through `wallets.open` or `post`, every image through `images.add` and
`begin_deletion`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, Final, cast

from attrs import define, evolve, field, frozen

from spike_core.domain.errors import Unavailable
from spike_core.domain.event_deliveries import NO_SUBSCRIPTIONS, SubscriberName, Subscription
from spike_core.domain.events import ImageDeleted
from spike_core.domain.identifiers import ImageId
from spike_core.domain.images import Image
from spike_core.domain.jobs import Job, SettledJob
from spike_core.domain.wallet import Posting
from spike_core.ports.clock import Clock
from spike_core.ports.images import ImageRepository
from spike_core.ports.jobs import JobRepository
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.ports.wallets import WalletRepository
from spike_core.services.event_journal import DeletedImage, Journal, Select

SUBSCRIPTIONS_AGE_MAX: Final = timedelta(seconds=10)  # of what a process knows of other processes' subscribers


@define
class _Known:
    """The stored subscriptions, as they were read last. Replaced as a whole, so that threads need no lock."""

    subscriptions: Mapping[SubscriberName, Subscription] = NO_SUBSCRIPTIONS
    read_at: datetime | None = None


@frozen(kw_only=True)
class RecordingTransactions:
    """Transactions that record events for the subscribers of all processes; plain transactions if there are none.

    A process always records for its own subscribers. Those of other processes are read at most once per
    `SUBSCRIPTIONS_AGE_MAX`, before a transaction; those that a shared transaction sees are read for its parts alone.
    """

    inner: Transactions
    clock: Clock
    own: Mapping[SubscriberName, frozenset[str]]  # the types of events that this process' subscribers want
    selecting: Mapping[SubscriberName, Select] = field(factory=dict)  # for subscribers that want some of their types
    _known: _Known = field(factory=_Known, init=False, repr=False)

    def begin(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction; see the port."""
        subscriptions = self.subscriptions()
        return self._begin(subscriptions) if subscriptions else self.inner.begin()

    def view(self) -> AbstractContextManager[Transaction]:
        """Begin a read-only snapshot; see the port."""
        return self.inner.view()

    def when_committed(self, action: Callable[[], object]) -> None:
        """Call an action after the commit; see the port."""
        self.inner.when_committed(action)

    def subscriptions(self) -> Mapping[SubscriberName, Subscription]:
        """Return the subscriptions to record for, reading them if what is known is too old.

        Raises:
            DatabaseUnavailable: they have never been read, and can't be read now.
        """
        if not self._is_known():
            self.inner.when_committed(self._refresh_once)  # at once, if no app shares a transaction
        if self._is_known():
            return self._known.subscriptions
        # the app's transaction may see what was stored long ago, so what it sees is kept for no other
        return {**self._known.subscriptions, **self._stored()}

    def refresh(self) -> None:
        """Read the stored subscriptions now.

        Raises:
            DatabaseUnavailable: they can't be read.
        """
        now = self.clock.now()
        self._known.subscriptions, self._known.read_at = self._stored(), now

    def _is_known(self) -> bool:
        read_at = self._known.read_at
        return read_at is not None and timedelta(0) <= self.clock.now() - read_at < SUBSCRIPTIONS_AGE_MAX

    def _refresh_once(self) -> None:
        if self._is_known():
            return
        if self._known.read_at is None:
            self.refresh()
            return
        self._known.read_at = self.clock.now()  # so that one thread reads them
        with suppress(Unavailable):  # the transaction itself will say so
            self.refresh()

    def _stored(self) -> Mapping[SubscriberName, Subscription]:
        now = self.clock.now()
        with self.inner.view() as tx:
            subscriptions = {each.name: each for each in tx.subscriptions.all()}
        for name, types in self.own.items():
            stored = subscriptions.get(name, Subscription(name=name, event_types=types, seen_at=now))
            subscriptions[name] = evolve(stored, event_types=stored.event_types | types)
        return subscriptions

    @contextmanager
    def _begin(self, subscriptions: Mapping[SubscriberName, Subscription]) -> Iterator[Transaction]:
        with self.inner.begin() as tx:
            journal = Journal(subscriptions=list(subscriptions.values()), selecting=self.selecting)
            yield cast("Transaction", _RecordingTransaction(tx, journal))
            events = journal.addressed(tx)
            if events:
                tx.event_deliveries.add(events, now=self.clock.now())


@frozen
class _RecordingWallets:
    _inner: WalletRepository
    _journal: Journal

    def open(self, posting: Posting) -> None:
        self._inner.open(posting)
        self._journal.post(posting)

    def post(self, posting: Posting) -> None:
        self._inner.post(posting)
        self._journal.post(posting)

    def __getattr__(self, name: str) -> Any:  # methods that change no balance
        return getattr(self._inner, name)


@frozen
class _RecordingJobs:
    _inner: JobRepository
    _journal: Journal

    def replace(self, job: Job, *, by: Job) -> None:
        self._inner.replace(job, by=by)
        if isinstance(by, SettledJob):
            self._journal.changes.append(by)

    def __getattr__(self, name: str) -> Any:  # methods that end no job
        return getattr(self._inner, name)


@frozen
class _RecordingImages:
    _inner: ImageRepository
    _journal: Journal

    def add(self, *images: Image) -> None:
        self._inner.add(*images)
        self._journal.changes += images

    def begin_deletion(self, image_id: ImageId, *, now: datetime) -> None:
        # a hidden image isn't found: its deletion has been recorded
        shown = self._inner.find([image_id]) if self._journal.subscribers(ImageDeleted) else {}
        self._inner.begin_deletion(image_id, now=now)
        self._journal.changes += [DeletedImage(image=image, at=now) for image in shown.values()]

    def __getattr__(self, name: str) -> Any:  # methods that neither store nor hide an image
        return getattr(self._inner, name)


@frozen
class _RecordingTransaction:
    _inner: Transaction
    _journal: Journal

    @property
    def wallets(self) -> _RecordingWallets:
        return _RecordingWallets(self._inner.wallets, self._journal)

    @property
    def jobs(self) -> _RecordingJobs:
        return _RecordingJobs(self._inner.jobs, self._journal)

    @property
    def images(self) -> _RecordingImages:
        return _RecordingImages(self._inner.images, self._journal)

    def __getattr__(self, name: str) -> Any:  # the other repositories
        return getattr(self._inner, name)
