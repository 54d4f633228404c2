"""The ports of domain events: subscribers, their subscriptions, and the deliveries to them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from spike_core.domain.event_deliveries import AddressedEvent, Backlog, Delivery, SubscriberName, Subscription
from spike_core.domain.events import Event


class Subscriber(Protocol):
    """Handles domain events after the commit of what they describe."""

    @property
    def name(self) -> str:
        """The name by which the subscriber's progress is stored; unique, 1 to 64 characters of `a-z0-9._-`."""

    @property
    def kinds(self) -> Collection[type[Event]]:
        """The events that the subscriber wants."""

    def handle(self, event: Event) -> None:
        """Handle an event, in no transaction.

        Called at least once per event, so it must be idempotent by `event.id`; in order for events with the same
        `subject`; by several threads or processes at once for others. Any exception is a failure: the call is repeated
        later, and until then only events with the same subject wait.
        """


class Subscriptions(Protocol):
    """The subscribers that the processes of an installation have, within one transaction."""

    def all(self) -> Sequence[Subscription]:
        """Return all subscriptions, ordered by name."""

    def put(self, subscription: Subscription) -> None:
        """Store a subscription in place of the one with its name."""

    def see(self, name: SubscriberName, *, now: datetime) -> None:
        """Set `seen_at` of the subscription with this name, if there is one; nothing else."""

    def remove(self, name: SubscriberName) -> None:
        """Delete the subscription with this name, if there is one; its deliveries stay."""


class EventDeliveries(Protocol):
    """The events to be handed to subscribers, within one transaction: one delivery per event and subscriber.

    Positions increase within a subject, if transactions that record events of one subject are ordered by a lock that
    they hold. A later transaction may become visible before an earlier one of another subject, so nothing here reads
    on from a position: deliveries are claimed by themselves, and deleted when handled.
    """

    def add(self, events: Sequence[AddressedEvent], *, now: datetime) -> None:
        """Store deliveries of these events, in their order, due at `now`."""

    def has_due(self, subscriber: SubscriberName, *, now: datetime) -> bool:
        """Return whether a claim may find a delivery."""

    def claim(self, subscriber: SubscriberName, *, now: datetime, until: datetime, limit: int) -> Sequence[Delivery]:
        """Return at most `limit` deliveries that are due, and postpone them `until` then.

        Of each subject only the first delivery that isn't set aside is ever returned, and none while another one of the
        subject is claimed. Concurrent callers get disjoint deliveries. If a caller crashes, its deliveries become due
        again. May return nothing though some are due; then a later call returns them.
        """

    def renew(self, delivery: Delivery, *, until: datetime) -> bool:
        """Postpone a claimed delivery `until` then; return whether it is still claimed by this fencing token.

        It no longer is, too, once a claim has returned another delivery of its subject.
        """

    def finish(self, delivery: Delivery, *, now: datetime) -> bool:
        """Delete a handled delivery, so that the next one of its subject is due at `now`.

        Return whether it was still claimed by this fencing token; otherwise nothing changes.
        """

    def postpone(self, delivery: Delivery, *, due_at: datetime, failing_since: datetime | None) -> bool:
        """Make a claimed delivery due again at `due_at`; the return value is that of `finish`."""

    def set_aside(self, delivery: Delivery, *, now: datetime) -> bool:
        """Give up a claimed delivery, so that the next one of its subject is due at `now`.

        It stays stored and isn't claimed again unless `resume` is called. The return value is that of `finish`.
        """

    def resume(self, subscriber: SubscriberName, *, now: datetime, limit: int) -> int:
        """Make at most `limit` deliveries due that were set aside, as if they had never failed; return how many.

        They come after deliveries of their subject that have been handled meanwhile, and wait for one that is claimed
        or postponed until it ends or is due.
        """

    def subscribers(self) -> Sequence[SubscriberName]:
        """Return the names of all subscribers for which deliveries are stored, in order."""

    def backlog(self, subscriber: SubscriberName, *, count_max: int) -> Backlog:
        """Return the subscriber's backlog; each count stops at `count_max`."""

    def purge(self, subscriber: SubscriberName, *, recorded_before: datetime, limit: int) -> int:
        """Delete at most `limit` of the subscriber's deliveries recorded before then, oldest first; return how many.

        Where one was the first of its subject, the next one may be claimed.
        """
