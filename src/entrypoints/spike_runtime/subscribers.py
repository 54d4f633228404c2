"""Subscribers to domain events, by the entry points of the group `spike.subscribers`."""

from collections.abc import Sequence
from typing import Final

from spike_core.domain.errors import InvalidInput
from spike_core.ports.events import Subscriber
from spike_core.services.event_subscribers import named
from spike_runtime.entry_points import entry_points
from spike_runtime.settings import WrongSettings

GROUP: Final = "spike.subscribers"


def load_subscribers() -> Sequence[Subscriber]:
    """Return what the factories of all entry points of the group return; each is called without arguments.

    Raises:
        WrongSettings: one can't be imported or called. A service without it would leave its events waiting unnoticed.
    """
    subscribers: list[Subscriber] = []
    for point in entry_points(group=GROUP):
        try:
            subscribers.append(point.load()())
        except Exception as error:
            raise WrongSettings(f"the entry point {point.name} = {point.value} of {GROUP} failed: {error}") from error
    return subscribers


def usable_subscribers(subscribers: Sequence[Subscriber]) -> Sequence[Subscriber]:
    """Return the subscribers, if each has a valid name of its own.

    Raises:
        WrongSettings: a name is invalid, or that of two subscribers.
    """
    try:
        named(subscribers)
    except InvalidInput as error:
        raise WrongSettings(f"{GROUP}: {error}") from error
    return subscribers
