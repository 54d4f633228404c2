"""A clock that tests set."""

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)


class ManualClock:
    """Returns the time that the test has set."""

    def __init__(self, now: datetime = EPOCH) -> None:
        """Start at `now`, UTC and aware."""
        self._now = now

    def now(self) -> datetime:
        """Return the present time; see the port."""
        return self._now

    def advance(self, time: timedelta) -> None:
        """Let time pass; a negative time sets the clock back."""
        self._now += time
