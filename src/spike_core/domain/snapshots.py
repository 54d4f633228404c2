"""Snapshots: values that take a while to read and are used for a while."""

from datetime import datetime, timedelta
from typing import Final, Generic, Self, TypeVar

from attrs import evolve, frozen

TIME_SHARE: Final = 20  # a snapshot is used for this many times as long as reading it took: 5 % of the time at most
SNAPSHOT_AGE_MAX: Final = timedelta(seconds=5)

Value = TypeVar("Value")


@frozen
class Snapshot(Generic[Value]):
    """A value as it was read at some moment.

    What takes long to read is read less often, so that it never takes more than a small part of a process' time. What
    is read in a moment is read nearly every time, and is exact.
    """

    value: Value
    _usable_from: datetime
    _usable_for: timedelta

    @classmethod
    def read(cls, value: Value, *, began_at: datetime, ended_at: datetime) -> Self:
        """Return the snapshot of a value that was read between these times."""
        return cls(value, began_at, min((ended_at - began_at) * TIME_SHARE, SNAPSHOT_AGE_MAX))

    def is_usable(self, *, now: datetime) -> bool:
        """Return whether the value may be used; not where the clock went backwards."""
        return timedelta(0) <= now - self._usable_from < self._usable_for

    def prolonged(self, *, now: datetime) -> Self:
        """Return the snapshot to use while the next one is being read: as long again, from now on."""
        return evolve(self, usable_from=now)
