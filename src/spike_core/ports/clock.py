"""The clock port."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Returns the current time."""

    def now(self) -> datetime:
        """Return the current time, timezone-aware, in UTC."""
