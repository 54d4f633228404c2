"""Event recording: transactions that write domain events together with the changes that these describe.

All use cases write through the ports, so this is the one place where events come from: what ends a job goes through
`jobs.replace`, every ledger entry through `wallets.open` or `post`, every image through `images.add` and
`begin_deletion`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, Final, assert_never, cast

from attrs import define, evolve, field, frozen

from spike_core.domain.errors import Unavailable, WalletNotFound
from spike_core.domain.event_deliveries import NO_SUBSCRIPTIONS, AddressedEvent, SubscriberName, Subscription
from spike_core.domain.events import (
    Event,
    ImageDeleted,
    ImageUploaded,
    JobCancelled,
    JobCompleted,
    JobFailed,
    JobRefunded,
    TokensMoved,
    task_name,
)
from spike_core.domain.identifiers import EventId, ImageId, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.jobs import CancelledJob, CompletedJob, FailedJob, Job, RefundedJob, SettledJob
from spike_core.domain.ledger import EntryKind, LedgerEntry
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.domain.wallet import Posting, Wallet
from spike_core.ports.clock import Clock
from spike_core.ports.images import ImageRepository
from spike_core.ports.jobs import JobRepository
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.ports.wallets import WalletRepository

Select = Callable[[Transaction, Sequence[Event]], Sequence[Event]]
"""Returns those of a transaction's events that a subscriber wants, in their order; reads only."""

SUBSCRIPTIONS_AGE_MAX: Final = timedelta(seconds=10)  # of what a process knows of other processes' subscribers


@frozen(kw_only=True)
class _DeletedImage:
    image: Image
    at: datetime


_Change = SettledJob | LedgerEntry | Image | _DeletedImage

_EVENT_OF: Final[Mapping[type[_Change], type[Event]]] = {
    CompletedJob: JobCompleted,
    RefundedJob: JobRefunded,
    FailedJob: JobFailed,
    CancelledJob: JobCancelled,
    LedgerEntry: TokensMoved,
    Image: ImageUploaded,
    _DeletedImage: ImageDeleted,
}


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
            journal = _Journal(subscriptions=list(subscriptions.values()), selecting=self.selecting)
            yield cast("Transaction", _RecordingTransaction(tx, journal))
            events = journal.addressed(tx)
            if events:
                tx.event_deliveries.add(events, now=self.clock.now())


@define(kw_only=True)
class _Journal:
    """What a transaction has changed so far, in its order."""

    subscriptions: Sequence[Subscription]
    selecting: Mapping[SubscriberName, Select]
    changes: list[_Change] = field(factory=list, init=False)
    wallets: dict[OwnerId, Wallet] = field(factory=dict, init=False)  # as they were posted last

    def subscribers(self, kind: type[Event]) -> frozenset[SubscriberName]:
        """Return those who want events of this kind."""
        return frozenset(each.name for each in self.subscriptions if kind.event_type in each.event_types)

    def post(self, posting: Posting) -> None:
        """Note a wallet that was stored with its new entries."""
        self.wallets[posting.wallet.owner_id] = posting.wallet
        self.changes += posting.entries

    def addressed(self, tx: Transaction) -> Sequence[AddressedEvent]:
        """Return the events that some subscriber wants."""
        wanted = [
            (self._event(tx, change), set(subscribers))
            for change in self.changes
            if (subscribers := self.subscribers(_EVENT_OF[type(change)]))
        ]
        for name, select in self.selecting.items():
            offered = [event for event, names in wanted if name in names]
            selected = {event.id for event in select(tx, offered)} if offered else set()
            for event, names in wanted:
                if event.id not in selected:
                    names.discard(name)
        return [AddressedEvent(event=event, subscribers=frozenset(names)) for event, names in wanted if names]

    def _event(self, tx: Transaction, change: _Change) -> Event:
        match change:
            case LedgerEntry():
                return _moved(change)
            case Image():
                return _uploaded(change)
            case _DeletedImage():
                image = change.image
                return ImageDeleted(
                    id=EventId.about(ImageDeleted.event_type, image.id.text),
                    owner_id=image.owner_id,
                    occurred_at=change.at,
                    image_id=image.id,
                    name=image.name,
                )
            case _:
                return _ended(change, balance=self._balance_after(tx, change))

    def _balance_after(self, tx: Transaction, job: SettledJob) -> Tokens:
        """Return the owner's balance after the job's refund, or at the end of the transaction if there was none."""
        for change in self.changes:
            if isinstance(change, LedgerEntry) and change.job_id == job.id and change.kind is EntryKind.REFUND:
                return change.balance_after
        posted = self.wallets.get(job.spec.owner_id)
        if posted is not None:
            return posted.balance
        try:
            return tx.wallets.get(job.spec.owner_id).balance
        except WalletNotFound:
            return NO_TOKENS


@frozen
class _RecordingWallets:
    _inner: WalletRepository
    _journal: _Journal

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
    _journal: _Journal

    def replace(self, job: Job, *, by: Job) -> None:
        self._inner.replace(job, by=by)
        if isinstance(by, SettledJob):
            self._journal.changes.append(by)

    def __getattr__(self, name: str) -> Any:  # methods that end no job
        return getattr(self._inner, name)


@frozen
class _RecordingImages:
    _inner: ImageRepository
    _journal: _Journal

    def add(self, *images: Image) -> None:
        self._inner.add(*images)
        self._journal.changes += images

    def begin_deletion(self, image_id: ImageId, *, now: datetime) -> None:
        # a hidden image isn't found: its deletion has been recorded
        shown = self._inner.find([image_id]) if self._journal.subscribers(ImageDeleted) else {}
        self._inner.begin_deletion(image_id, now=now)
        self._journal.changes += [_DeletedImage(image=image, at=now) for image in shown.values()]

    def __getattr__(self, name: str) -> Any:  # methods that neither store nor hide an image
        return getattr(self._inner, name)


@frozen
class _RecordingTransaction:
    _inner: Transaction
    _journal: _Journal

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


def _moved(entry: LedgerEntry) -> TokensMoved:
    return TokensMoved(
        id=EventId.about(TokensMoved.event_type, entry.owner_id.text, str(entry.sequence)),
        owner_id=entry.owner_id,
        occurred_at=entry.created_at,
        sequence=entry.sequence,
        kind=entry.kind,
        amount=entry.amount,
        balance=entry.balance_after,
        job_id=entry.job_id,
        reason=entry.reason,
        reference=entry.reference,
    )


def _uploaded(image: Image) -> ImageUploaded:
    return ImageUploaded(
        id=EventId.about(ImageUploaded.event_type, image.id.text),
        owner_id=image.owner_id,
        occurred_at=image.created_at,
        image_id=image.id,
        name=image.name,
        description=image.description,
        format=image.format,
        dimensions=image.dimensions,
        size_bytes=image.size_bytes,
        original=image.original,
        is_public=image.is_public,
    )


def _ended(job: SettledJob, *, balance: Tokens) -> Event:
    spec = job.spec
    shared: dict[str, Any] = {
        "id": EventId.about(_EVENT_OF[type(job)].event_type, job.id.text),
        "owner_id": spec.owner_id,
        "occurred_at": job.ended_at,
        "job_id": job.id,
        "image_id": spec.image_id,
        "batch_id": spec.batch_id,
        "request_id": spec.request_id,
        "task": task_name(spec.task),
        "tier": spec.tier.name,
        "charged": spec.charged,
        "balance": balance,
        "accepted_at": spec.created_at,
        "attempt": job.attempt,
    }
    match job:
        case CompletedJob():
            result = job.result
            return JobCompleted(
                **shared,
                result=result.key,
                format=result.format,
                dimensions=result.dimensions,
                size_bytes=result.size_bytes,
                method=result.method,
            )
        case RefundedJob():
            return JobRefunded(**shared, reason=job.reason)
        case FailedJob():
            return JobFailed(**shared, reason=job.reason)
        case CancelledJob():
            return JobCancelled(**shared)
        case unreachable:
            assert_never(unreachable)
