"""Event deliveries: which event is to be handed to which subscriber, and how far that has come."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Self

from attrs import field, frozen, validators

from spike_core.domain.errors import InvalidValue
from spike_core.domain.events import Event
from spike_core.domain.identifiers import EventId

COUNT_MAX: Final = 10_000  # of each count of a backlog that people or metrics see
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@frozen(order=True)
class SubscriberName:
    """A subscriber's name, by which its progress is stored."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the name that `text` spells.

        Raises:
            InvalidValue: it isn't 1 to 64 lower-case letters, digits, dots, hyphens and underscores.
        """
        if _NAME.fullmatch(text) is None:
            rule = f"{text!r} must have 1 to 64 characters of a-z, 0-9, '.', '_' and '-', the first a letter or digit"
            raise InvalidValue(what="the subscriber's name", rule=rule)
        return cls(text)

    def __str__(self) -> str:
        """Return the text."""
        return self.text


@frozen(kw_only=True)
class Subscription:
    """A subscriber that some process has, or had until `seen_at`."""

    name: SubscriberName
    event_types: frozenset[str]
    seen_at: datetime  # when a process last said that it has this subscriber

    def wants(self, event: Event) -> bool:
        """Return whether the subscriber wants events like this one."""
        return event.event_type in self.event_types


@frozen(kw_only=True)
class AddressedEvent:
    """An event with the subscribers that it is to be handed to."""

    event: Event
    subscribers: frozenset[SubscriberName]


@frozen(kw_only=True)
class UnreadableEvent:
    """A stored event that this release can't read, such as one of a newer release."""

    id: EventId
    problem: str


@frozen(kw_only=True)
class Delivery:
    """A claimed delivery: this event is to be handed to this subscriber now.

    `id`, `position` and `attempt` together are the fencing token: once another process has claimed the delivery, they
    no longer match.
    """

    subscriber: SubscriberName
    position: int  # deliveries of one subject are handed over in this order
    attempt: int = field(validator=validators.ge(1))  # the number of claims so far
    failing_since: datetime | None  # the first failure, if there was one
    event: Event | UnreadableEvent

    @property
    def id(self) -> EventId:
        """The event's id."""
        return self.event.id


@frozen(kw_only=True)
class Backlog:
    """The stored deliveries of one subscriber. Counts are exact up to the limit with which they were requested."""

    subscriber: SubscriberName
    waiting: int
    oldest_at: datetime | None  # when the oldest of those that wait was recorded; `None` if none waits
    set_aside: int


@frozen(kw_only=True)
class EventLimits:
    """How long events are tried and kept."""

    lease: timedelta = timedelta(minutes=1)  # of claimed deliveries, unless renewed
    retry: timedelta = timedelta(days=3)  # after the first failure of a delivery; then it is set aside
    retention: timedelta = timedelta(days=10)  # of an event, whatever its state; and of an unseen subscriber
    delay_min: timedelta = timedelta(seconds=5)  # after the first failure; doubled by each further one
    delay_max: timedelta = timedelta(hours=1)

    def delay_after(self, attempt: int) -> timedelta:
        """Return the delay after a failed attempt, counted from 1."""
        doublings = min(attempt - 1, 30)  # beyond that the number only grows
        return min(self.delay_min * (1 << doublings), self.delay_max)


NO_SUBSCRIPTIONS: Final[Mapping[SubscriberName, Subscription]] = MappingProxyType({})
