"""Events: domain events are handed to subscribers after the commit, at least once, each subscriber by itself."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from attrs import define, evolve, field, frozen

from spike_core.domain.errors import InvalidValue
from spike_core.domain.event_deliveries import (
    COUNT_MAX,
    Backlog,
    Delivery,
    EventLimits,
    SubscriberName,
    Subscription,
    UnreadableEvent,
)
from spike_core.domain.events import EVENT_TYPES
from spike_core.ports.clock import Clock
from spike_core.ports.events import Subscriber
from spike_core.ports.heartbeat import Heartbeat
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.event_recording import RecordingTransactions
from spike_core.services.transaction_retries import retry_on_conflict

CLAIM_BATCH: Final = 50
CLAIMS_MAX: Final = 50  # that find nothing, in one call
RECORD_EVERY: Final = timedelta(seconds=1)  # while a batch is handed over
UNWANTED_DELAY: Final = timedelta(minutes=1)  # until another process may have taken it
PURGE_BATCH: Final = 500
SEEN_EVERY: Final = timedelta(hours=1)

_log: Final = logging.getLogger(__name__)


@frozen(kw_only=True)
class Handed:
    """What became of the events that one call handed to a subscriber; without those that another process has ended."""

    handled: int = 0
    failed: int = 0  # to be tried again
    set_aside: int = 0

    @property
    def count(self) -> int:
        """How many events there were."""
        return self.handled + self.failed + self.set_aside


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


@define
class _Batch:
    """The claimed deliveries that haven't been recorded, and until when they are leased.

    Positions that couldn't be renewed are `lost`: another process has them, or has ended them.
    """

    claimed: Sequence[Delivery]
    leased_until: datetime
    lost: frozenset[int] = frozenset()


@frozen
class _Outcome:
    delivery: Delivery
    error: Exception | None = None
    is_unwanted: bool = False


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
    heartbeat: Heartbeat
    subscribers: Mapping[SubscriberName, Subscriber]
    limits: EventLimits = field(factory=EventLimits)
    on_demand: frozenset[SubscriberName] = frozenset()  # of the subscribers, whose subscriptions others store

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
        """Hand a batch of due events to one of this process' subscribers.

        What the subscriber raises is logged, and the event handed over again after a delay that doubles. After
        `limits.retry` the event is set aside.

        Raises:
            DatabaseUnavailable: events may be handed over again after their lease.
        """
        batch = self._claimed(name)
        if not batch.claimed:
            return Handed()
        handed = Handed()
        outcomes: list[_Outcome] = []
        recorded_at = self.clock.now()
        with self.heartbeat.during(partial(self._renew, batch)):
            for delivery in batch.claimed:
                now = self.clock.now()
                if now >= batch.leased_until:  # this process was paused; another one may have taken the rest
                    break
                if delivery.position in batch.lost:
                    continue
                if outcomes and now - recorded_at >= RECORD_EVERY:
                    handed = self._record(batch, outcomes, handed)
                    outcomes, recorded_at = [], now
                outcomes.append(self._hand(delivery))
            return self._record(batch, outcomes, handed)

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

    def _claimed(self, name: SubscriberName) -> _Batch:
        for _ in range(CLAIMS_MAX):
            now = self.clock.now()
            with self.transactions.view() as tx:  # usually nothing is due, and this takes no lock
                if not tx.event_deliveries.has_due(name, now=now):
                    break
            batch = self._claim(name, now=now)
            if batch.claimed:
                return batch
        return _Batch((), self.clock.now())

    @retry_on_conflict
    def _claim(self, name: SubscriberName, *, now: datetime) -> _Batch:
        until = now + self.limits.lease
        with self.transactions.begin() as tx:
            return _Batch(tx.event_deliveries.claim(name, now=now, until=until, limit=CLAIM_BATCH), until)

    def _renew(self, batch: _Batch) -> None:
        until = self.clock.now() + self.limits.lease
        with self.transactions.begin() as tx:
            lost = {
                delivery.position for delivery in batch.claimed if not tx.event_deliveries.renew(delivery, until=until)
            }
        batch.lost |= lost
        batch.leased_until = until

    def _hand(self, delivery: Delivery) -> _Outcome:
        subscriber, event = self.subscribers[delivery.subscriber], delivery.event
        if isinstance(event, UnreadableEvent):
            return _Outcome(delivery, error=InvalidValue(what=f"the event {event.id}", rule=event.problem))
        if type(event) not in subscriber.kinds:
            return _Outcome(delivery, is_unwanted=True)
        try:
            subscriber.handle(event)
        except Exception as error:  # noqa: BLE001  # whatever a subscriber raises is a failure of its own
            return _Outcome(delivery, error=error)
        return _Outcome(delivery)

    @retry_on_conflict
    def _record(self, batch: _Batch, outcomes: Sequence[_Outcome], so_far: Handed) -> Handed:
        """Store the outcomes, in the order of the batch, as `_renew` does."""
        if not outcomes:
            return so_far
        # a renewal that comes between the commit and the next one must not undo a delay
        done = {outcome.delivery.position for outcome in outcomes}
        batch.claimed = [delivery for delivery in batch.claimed if delivery.position not in done]
        now, handled, failed, set_aside = self.clock.now(), 0, 0, 0
        subscriptions = self.recording.subscriptions()  # may read them, which takes a connection
        with self.transactions.begin() as tx:
            for outcome in outcomes:
                delivery, error = outcome.delivery, outcome.error
                if error is None:
                    handled += self._end(tx, outcome, subscriptions, now=now)
                elif now - (delivery.failing_since or now) >= self.limits.retry:
                    set_aside += tx.event_deliveries.set_aside(delivery, now=now)
                else:
                    due_at = now + self.limits.delay_after(delivery.attempt)
                    since = delivery.failing_since or now
                    failed += tx.event_deliveries.postpone(delivery, due_at=due_at, failing_since=since)
        self._log_failures(outcomes, now=now)
        return Handed(
            handled=so_far.handled + handled,
            failed=so_far.failed + failed,
            set_aside=so_far.set_aside + set_aside,
        )

    def _end(
        self,
        tx: Transaction,
        outcome: _Outcome,
        subscriptions: Mapping[SubscriberName, Subscription],
        *,
        now: datetime,
    ) -> bool:
        """Record that an event was handled; leave one that the subscriber of another release may want to that one.

        Return whether this process still had it.
        """
        delivery = outcome.delivery
        stored = subscriptions.get(delivery.subscriber)
        assert not isinstance(delivery.event, UnreadableEvent)
        if outcome.is_unwanted and stored is not None and stored.wants(delivery.event):
            later = now + UNWANTED_DELAY
            return tx.event_deliveries.postpone(delivery, due_at=later, failing_since=delivery.failing_since)
        return tx.event_deliveries.finish(delivery, now=now)

    def _log_failures(self, outcomes: Sequence[_Outcome], *, now: datetime) -> None:
        for outcome in outcomes:
            if outcome.error is None:
                continue
            delivery = outcome.delivery
            if now - (delivery.failing_since or now) >= self.limits.retry:
                message = "the subscriber %s has failed to handle the event %s since %s; it is set aside"
                _log.error(message, delivery.subscriber, delivery.id, delivery.failing_since, exc_info=outcome.error)
            else:
                message = "attempt %d of the subscriber %s to handle the event %s failed"
                _log.warning(message, delivery.attempt, delivery.subscriber, delivery.id, exc_info=outcome.error)

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
