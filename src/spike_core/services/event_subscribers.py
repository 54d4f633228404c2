"""Events: the subscribers of this process, the stored subscriptions of all, and what waits for each."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, frozen

from spike_core.domain.errors import InvalidValue
from spike_core.domain.event_deliveries import (
    COUNT_MAX,
    Backlog,
    EventLimits,
    SubscriberName,
    Subscription,
)
from spike_core.domain.events import EVENT_TYPES
from spike_core.ports.clock import Clock
from spike_core.ports.events import Subscriber
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.event_delivery import EventDelivery, Handed
from spike_core.services.event_recording import RecordingTransactions
from spike_core.services.transaction_retries import retry_on_conflict

PURGE_BATCH: Final = 500
SEEN_EVERY: Final = timedelta(hours=1)

_log: Final = logging.getLogger(__name__)


def named(subscribers: Iterable[Subscriber]) -> Mapping[SubscriberName, Subscriber]:
    """Return the subscribers by their names.

    Raises:
        InvalidValue: a name is invalid, two subscribers have the same, or one wants what is no event.
    """
    by_name: dict[SubscriberName, Subscriber] = {}
    for subscriber in subscribers:
        name = SubscriberName.parse(subscriber.name)
        if name in by_name:
            rule = f"{name} is that of two: {by_name[name]!r} and {subscriber!r}"
            raise InvalidValue(what="the subscriber's name", rule=rule)
        if unknown := set(subscriber.kinds) - set(EVENT_TYPES.values()):
            raise InvalidValue(what=f"the subscriber {name}", rule=f"wants what is no event: {unknown}")
        by_name[name] = subscriber
    return by_name


def types_wanted(subscriber: Subscriber) -> frozenset[str]:
    """Return the types of events that a subscriber wants."""
    return frozenset(kind.event_type for kind in subscriber.kinds)


def _refreshed(
    stored: Subscription | None, name: SubscriberName, wanted: frozenset[str], *, now: datetime
) -> Subscription:
    """Return the subscription to store for a process that wants these types of events."""
    if stored is None:
        return Subscription(name=name, event_types=wanted, seen_at=now)
    if wanted - stored.event_types:
        return evolve(stored, event_types=stored.event_types | wanted, seen_at=now)
    # one with more types is left to a process that wants them all: that one says so every hour
    age_max = SEEN_EVERY if wanted == stored.event_types else 2 * SEEN_EVERY
    if timedelta(0) <= now - stored.seen_at < age_max:
        return stored
    return evolve(stored, event_types=wanted, seen_at=now)


@frozen(kw_only=True)
class Events:
    """Hands recorded events to the subscribers of this process, and keeps the subscriptions of all processes.

    Any number of processes may do so at once. A process that dies has its events handed over again by another one, or
    by its successor, after the lease.
    """

    transactions: Transactions
    recording: RecordingTransactions
    clock: Clock
    delivery: EventDelivery
    on_demand: frozenset[SubscriberName] = frozenset()  # of the subscribers, whose subscriptions others store

    @property
    def subscribers(self) -> Mapping[SubscriberName, Subscriber]:
        """The subscribers of this process."""
        return self.delivery.subscribers

    @property
    def limits(self) -> EventLimits:
        """How long events are tried and kept."""
        return self.delivery.limits

    @property
    def _registered(self) -> Mapping[SubscriberName, Subscriber]:
        """The subscribers for which this process has events recorded, whatever is stored."""
        return {name: each for name, each in self.subscribers.items() if name not in self.on_demand}

    @retry_on_conflict
    def register(self) -> None:
        """Store the subscriptions of this process, so that all processes record events for them.

        Raises:
            DatabaseUnavailable: nothing is stored.
        """
        if self._registered:
            with self.transactions.begin() as tx:
                for name, subscriber in self._registered.items():
                    types = types_wanted(subscriber)
                    tx.subscriptions.put(Subscription(name=name, event_types=types, seen_at=self.clock.now()))
        self.recording.refresh()

    @retry_on_conflict
    def refresh(self) -> int:
        """Note from time to time that this process has its subscribers, and read those of the others; return how many.

        Kinds that another release of a subscriber left out at its start are added. Those that this process doesn't want
        are removed once none that wants all of them has been seen for two hours.

        Raises:
            DatabaseUnavailable: the next call will do.
        """
        now = self.clock.now()
        with self.transactions.view() as tx:
            stored = {each.name: each for each in tx.subscriptions.all()}
        current = {
            name: _refreshed(stored.get(name), name, types_wanted(subscriber), now=now)
            for name, subscriber in self._registered.items()
        }
        changed = [each for name, each in current.items() if each != stored.get(name)]
        if changed:
            with self.transactions.begin() as tx:
                for each in changed:
                    known = stored.get(each.name)
                    if known is not None and known.event_types == each.event_types:
                        tx.subscriptions.see(each.name, now=now)
                    else:
                        tx.subscriptions.put(each)
        self.recording.refresh()
        return len(stored)

    def deliver(self, name: SubscriberName) -> Handed:
        """Hand a batch of due events to one of this process' subscribers; see `EventDelivery`.

        Raises:
            DatabaseUnavailable: events may be handed over again after their lease.
        """
        return self.delivery.deliver(name)

    def purge(self) -> int:
        """Delete events past their retention, and subscriptions that no process has had for as long; return how many.

        Raises:
            DatabaseUnavailable: the next run continues.
        """
        before = self.clock.now() - self.limits.retention
        with self.transactions.view() as tx:
            names = set(tx.event_deliveries.subscribers())
            gone = {each.name for each in tx.subscriptions.all() if each.seen_at < before} - set(self.subscribers)
        purged = 0
        for name in sorted(gone):
            purged += self.remove(name)
            _log.warning("no process has had the subscriber %s for %s; it is removed", name, self.limits.retention)
        for name in sorted(names - gone):
            deleted = self._purge(name, before=before)
            if deleted:
                _log.error("%d events were never handled by the subscriber %s and are deleted", deleted, name)
            purged += deleted
        return purged

    @retry_on_conflict
    def remove(self, name: SubscriberName) -> int:
        """Delete a subscription and its deliveries; return how many these were.

        A process that has the subscriber goes on recording events for it.

        Raises:
            DatabaseUnavailable: some may be left; a later call continues.
        """
        with self.transactions.begin() as tx:
            tx.subscriptions.remove(name)
        return self._purge(name, before=self.clock.now() + timedelta(days=1))

    def resume(self, name: SubscriberName) -> int:
        """Hand over again what was set aside for a subscriber; return how many events it is.

        Raises:
            DatabaseUnavailable: some may be left; a later call continues.
        """
        return self._in_portions(lambda tx: tx.event_deliveries.resume(name, now=self.clock.now(), limit=PURGE_BATCH))

    def backlogs(self) -> Sequence[Backlog]:
        """Return the backlog of every subscriber that is stored or of this process, ordered by name.

        Counts stop at `COUNT_MAX`.
        """
        with self.transactions.view() as tx:
            names = {*tx.event_deliveries.subscribers(), *(each.name for each in tx.subscriptions.all())}
            names |= set(self._registered)
            return [tx.event_deliveries.backlog(name, count_max=COUNT_MAX) for name in sorted(names)]

    def _purge(self, name: SubscriberName, *, before: datetime) -> int:
        return self._in_portions(lambda tx: tx.event_deliveries.purge(name, recorded_before=before, limit=PURGE_BATCH))

    def _in_portions(self, do: Callable[[Transaction], int]) -> int:
        """Call this with transactions until it does less than `PURGE_BATCH`; return how much it did."""
        total = 0
        while True:
            done = self._once(do)
            total += done
            if done < PURGE_BATCH:
                return total

    @retry_on_conflict
    def _once(self, do: Callable[[Transaction], int]) -> int:
        with self.transactions.begin() as tx:
            return do(tx)
