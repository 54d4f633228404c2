"""The machine's clock."""

from datetime import UTC, datetime

from attrs import frozen


@frozen
class SystemClock:
    """Returns the machine's time."""

    def now(self) -> datetime:
        """Return the current time; see the port."""
        return datetime.now(tz=UTC)
