"""Subscriptions and event deliveries in memory."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from attrs import evolve, frozen

from spike_core.domain.event_deliveries import AddressedEvent, Backlog, Delivery, SubscriberName, Subscription
from spike_memory.state import Rows, StoredDelivery


@frozen
class MemorySubscriptions:
    """See the port."""

    _rows: Rows

    def all(self) -> Sequence[Subscription]:
        """Return all subscriptions."""
        return [each for _, each in sorted(self._rows.state.subscriptions.items())]

    def put(self, subscription: Subscription) -> None:
        """Store a subscription."""
        self._rows.check_writable().subscriptions[subscription.name] = subscription

    def see(self, name: SubscriberName, *, now: datetime) -> None:
        """Set when it was last seen."""
        stored = self._rows.check_writable().subscriptions
        if name in stored:
            stored[name] = evolve(stored[name], seen_at=now)

    def remove(self, name: SubscriberName) -> None:
        """Delete a subscription."""
        self._rows.check_writable().subscriptions.pop(name, None)


@frozen
class MemoryEventDeliveries:
    """See the port."""

    _rows: Rows

    def add(self, events: Sequence[AddressedEvent], *, now: datetime) -> None:
        """Store deliveries."""
        stored = self._rows.check_writable().event_deliveries
        position = max(stored, default=0)
        for addressed in events:
            for subscriber in sorted(addressed.subscribers):
                position += 1
                stored[position] = StoredDelivery(
                    subscriber=subscriber, event=addressed.event, recorded_at=now, due_at=now
                )

    def has_due(self, subscriber: SubscriberName, *, now: datetime) -> bool:
        """Return whether the first delivery of a subject is due."""
        return any(True for _ in self._due(subscriber, now=now))

    def claim(self, subscriber: SubscriberName, *, now: datetime, until: datetime, limit: int) -> Sequence[Delivery]:
        """Return deliveries that are due, and postpone them."""
        state = self._rows.check_writable()
        due = [(each.due_at, position) for position, each in self._due(subscriber, now=now)]
        claimed = []
        for _, position in sorted(due)[:limit]:
            stored = state.event_deliveries[position]
            for other, each in self._beside(subscriber, position, stored):
                state.event_deliveries[other] = evolve(each, is_displaced=True)
            stored = evolve(stored, attempts=stored.attempts + 1, due_at=until, is_displaced=False)
            state.event_deliveries[position] = stored
            claimed.append(
                Delivery(
                    subscriber=subscriber,
                    position=position,
                    attempt=stored.attempts,
                    failing_since=stored.failing_since,
                    event=stored.event,
                )
            )
        return claimed

    def renew(self, delivery: Delivery, *, until: datetime) -> bool:
        """Postpone a claimed delivery."""
        return self._change(delivery, due_at=until)

    def finish(self, delivery: Delivery, *, now: datetime) -> bool:  # noqa: ARG002  # the next one has been due before
        """Delete a handled delivery."""
        state = self._rows.check_writable()
        if not self._is_claimed(delivery):
            return False
        del state.event_deliveries[delivery.position]
        return True

    def postpone(self, delivery: Delivery, *, due_at: datetime, failing_since: datetime | None) -> bool:
        """Make a claimed delivery due again."""
        return self._change(delivery, due_at=due_at, failing_since=failing_since)

    def set_aside(self, delivery: Delivery, *, now: datetime) -> bool:
        """Give up a claimed delivery."""
        return self._change(delivery, set_aside_at=now)

    def resume(self, subscriber: SubscriberName, *, now: datetime, limit: int) -> int:
        """Make deliveries due that were set aside."""
        state = self._rows.check_writable()
        given_up = [position for position, each in self._of(subscriber) if each.set_aside_at is not None][:limit]
        for position in given_up:
            state.event_deliveries[position] = evolve(
                state.event_deliveries[position], set_aside_at=None, failing_since=None, due_at=now
            )
        return len(given_up)

    def subscribers(self) -> Sequence[SubscriberName]:
        """Return the names for which deliveries are stored."""
        return sorted({each.subscriber for each in self._rows.state.event_deliveries.values()})

    def backlog(self, subscriber: SubscriberName, *, count_max: int) -> Backlog:
        """Return how much waits, and since when."""
        deliveries = [each for _, each in self._of(subscriber)]
        waiting = [each.recorded_at for each in deliveries if each.set_aside_at is None]
        return Backlog(
            subscriber=subscriber,
            waiting=min(len(waiting), count_max),
            oldest_at=min(waiting, default=None),
            set_aside=min(len(deliveries) - len(waiting), count_max),
        )

    def purge(self, subscriber: SubscriberName, *, recorded_before: datetime, limit: int) -> int:
        """Delete old deliveries."""
        state = self._rows.check_writable()
        old = [(each.recorded_at, position) for position, each in self._of(subscriber)]
        old = sorted(each for each in old if each[0] < recorded_before)[:limit]
        for _, position in old:
            del state.event_deliveries[position]
        return len(old)

    def _of(self, subscriber: SubscriberName) -> Sequence[tuple[int, StoredDelivery]]:
        stored = self._rows.state.event_deliveries
        return [(position, each) for position, each in sorted(stored.items()) if each.subscriber == subscriber]

    def _firsts(self, subscriber: SubscriberName) -> Iterator[tuple[int, StoredDelivery]]:
        """Yield the first delivery of each subject that isn't set aside."""
        seen: set[str] = set()
        for position, each in self._of(subscriber):
            if each.set_aside_at is None and each.event.subject not in seen:
                seen.add(each.event.subject)
                yield position, each

    def _due(self, subscriber: SubscriberName, *, now: datetime) -> Iterator[tuple[int, StoredDelivery]]:
        """Yield the first of each subject if it is due, and no other one of the subject is claimed or postponed."""
        for position, each in self._firsts(subscriber):
            if each.due_at <= now and not self._waits(subscriber, position, each, now=now):
                yield position, each

    def _waits(self, subscriber: SubscriberName, position: int, first: StoredDelivery, *, now: datetime) -> bool:
        beside = self._beside(subscriber, position, first)
        return any(each.attempts and each.due_at > now for _, each in beside)

    def _beside(
        self, subscriber: SubscriberName, position: int, first: StoredDelivery
    ) -> Sequence[tuple[int, StoredDelivery]]:
        """Return the others of a delivery's subject that aren't set aside."""
        others = [(at, each) for at, each in self._of(subscriber) if at != position and each.set_aside_at is None]
        return [(at, each) for at, each in others if each.event.subject == first.event.subject]

    def _is_claimed(self, delivery: Delivery) -> bool:
        stored = self._rows.state.event_deliveries.get(delivery.position)
        return (
            stored is not None
            and stored.set_aside_at is None
            and not stored.is_displaced
            and (stored.event.id, stored.attempts) == (delivery.id, delivery.attempt)
        )

    def _change(self, delivery: Delivery, **changes: datetime | None) -> bool:
        state = self._rows.check_writable()
        if not self._is_claimed(delivery):
            return False
        stored = state.event_deliveries[delivery.position]
        state.event_deliveries[delivery.position] = evolve(stored, **changes)  # type: ignore[arg-type]  # times all
        return True
