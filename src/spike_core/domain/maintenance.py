"""Maintenance: what has to be done now and then in an installation, by one process at a time."""

from datetime import datetime, timedelta
from enum import Enum
from typing import Self

from attrs import evolve, field, frozen, validators


class MaintenanceTask(Enum):
    """What is done in rounds. Two rounds at once would do no harm, only the work twice."""

    REMOVALS = "removals"  # finish those that were begun
    EXPIRY = "expiry"  # of anonymous images
    RECEIPTS = "receipts"  # forget old ones
    SESSIONS = "sessions"  # forget expired ones
    ORPHANS = "collect"  # objects that no row names; this lists the whole store


@frozen(kw_only=True)
class MaintenanceRun:
    """The latest round of a chore.

    Its number is the fencing token: whoever holds an earlier one doesn't hold the chore any more.
    """

    chore: MaintenanceTask
    number: int = field(validator=validators.ge(0))  # counted from 1; 0 when there was none
    begun_at: datetime | None  # None when there was none
    held_until: datetime | None  # None when it has ended

    @classmethod
    def before_the_first(cls, chore: MaintenanceTask) -> Self:
        """Return what stands for a chore that was never done."""
        return cls(chore=chore, number=0, begun_at=None, held_until=None)

    def is_next_due(self, *, now: datetime, every: timedelta, lease: timedelta) -> bool:
        """Return whether the next round may begin: `every` after the last, or when a holder's lease has run out.

        A time that lies further ahead than a right clock could have written isn't believed: it would keep the chore
        from being done until then.
        """
        if self.held_until is not None:
            return not timedelta(0) < self.held_until - now <= lease + every
        return self.begun_at is None or abs(now - self.begun_at) >= every

    def next(self, *, now: datetime, lease: timedelta) -> Self:
        """Return the next round, begun now."""
        return evolve(self, number=self.number + 1, begun_at=now, held_until=now + lease)

    def prolonged(self, *, now: datetime, lease: timedelta) -> Self:
        """Return this round, held for a lease from now on."""
        return evolve(self, held_until=now + lease)

    def broken_off(self) -> Self:
        """Return this round as one whose lease has run out, if somebody holds it."""
        return evolve(self, held_until=None if self.held_until is None else self.begun_at)

    def ended(self) -> Self:
        """Return this round as nobody holds it any more."""
        return evolve(self, held_until=None)
