"""Event delivery: subscribers get domain events after the commit, at least once, each subscriber by itself."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from attrs import define, field, frozen

from spike_core.domain.errors import InvalidValue
from spike_core.domain.event_deliveries import Delivery, EventLimits, SubscriberName, Subscription, UnreadableEvent
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


@frozen(kw_only=True)
class EventDelivery:
    """Hands recorded events to the subscribers of this process. Any number of processes may do so at once."""

    transactions: Transactions
    recording: RecordingTransactions
    clock: Clock
    heartbeat: Heartbeat
    subscribers: Mapping[SubscriberName, Subscriber]
    limits: EventLimits = field(factory=EventLimits)

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
