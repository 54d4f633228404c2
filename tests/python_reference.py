"""The public names that the Python reference must have a place for."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final, get_type_hints

import spike_core.errors
import spike_core.ports
import spike_core.testing
import spike_http
import spike_runtime
import spike_worker
from spike_core.application import Application

_ABOVE: Final = (spike_core.testing, spike_runtime, spike_worker, spike_http)
_FAMILIES: Final = {"SpikeError", "Forbidden", "InvalidInput", "NotEnoughTokens", "NotFound", "Unavailable"}
_OF_AN_APPS_DATABASE: Final = {"spike_sqlalchemy.from_engine", "spike_sqlalchemy.AppDatabase.sharing"}


def without_a_place(shown: AbstractSet[str]) -> AbstractSet[str]:
    """Return the public names, and the use cases, that aren't among these."""
    missing = _OF_AN_APPS_DATABASE - shown
    for module in (spike_core, spike_core.errors, spike_core.ports, *_ABOVE):
        families = _FAMILIES if module is spike_core else set()  # they have theirs among the errors
        names = {name: f"{module.__name__}.{name}" for name in module.__all__ if name not in families}
        missing |= {full for name, full in names.items() if not {full, f"spike_core.{name}"} & shown}
    named = {name if name in shown else f"spike_core.{name.rpartition('.')[2]}" for name in _use_cases(Application)}
    return missing | named - shown


def _use_cases(subject: type) -> Iterator[str]:
    """Yield the classes of the use cases of a subject, and of the subjects in it."""
    for kind in get_type_hints(subject).values():
        yield f"{kind.__module__}.{kind.__qualname__}"
        if kind.__module__ == Application.__module__:
            yield from _use_cases(kind)
