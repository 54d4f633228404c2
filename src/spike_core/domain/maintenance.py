"""Maintenance: periodic tasks of an installation, each run by one process at a time."""

from datetime import datetime, timedelta
from enum import Enum
from typing import Self

from attrs import evolve, field, frozen, validators


class MaintenanceTask(Enum):
    """A periodic task. Two concurrent runs would do no harm; they would only repeat the work."""

    ADVANCE = "advance"  # announce jobs that an earlier release left held back
    LOST = "lost"  # send jobs again whose message the queue has lost
    REMOVALS = "removals"  # finish deletions that were interrupted
    EXPIRY = "expiry"  # delete anonymous images past their age
    RECEIPTS = "receipts"  # delete old idempotency records
    SESSIONS = "sessions"  # delete expired sessions
    EVENTS = "events"  # delete events that no subscriber has handled in time, and old deliveries of webhooks
    RECOUNT = "recount"  # correct running sums that a release without them has left behind
    RECOUNT_AFTER_UPGRADE = "recount-after-upgrade"  # the same, often, on the day on which such a release may still run
    ORPHANS = "collect"  # delete objects that no row names; this lists the whole store
    RENDITIONS = "renditions"  # make renditions that are missing
    WORK = "work"  # none of these, but running jobs: held by all that do, so that readiness knows of them


@frozen(kw_only=True)
class MaintenanceRun:
    """The latest run of a maintenance task.

    Its number is the fencing token: a process with an older number no longer holds the task.
    """

    task: MaintenanceTask
    number: int = field(validator=validators.ge(0))  # counted from 1; 0 before the first run
    begun_at: datetime | None  # `None` before the first run
    held_until: datetime | None  # `None` once the run has ended
    cursor: str | None = None  # where the next run resumes, if this one has gone so far and not to the end

    @classmethod
    def never_run(cls, task: MaintenanceTask) -> Self:
        """Return the value that stands for a task that has never run."""
        return cls(task=task, number=0, begun_at=None, held_until=None)

    def is_next_due(self, *, now: datetime, every: timedelta, lease: timedelta) -> bool:
        """Return whether the next run may begin: `every` after the last one began, or once its lease has expired.

        A run that was interrupted half-way is resumed at once.

        A stored time further in the future than a correct clock could have written is ignored; it would block the task
        until then.
        """
        if self.held_until is not None:
            return not timedelta(0) < self.held_until - now <= lease + every
        return self.begun_at is None or self.cursor is not None or abs(now - self.begun_at) >= every

    def next(self, *, now: datetime, lease: timedelta) -> Self:
        """Return the next run, begun now."""
        return evolve(self, number=self.number + 1, begun_at=now, held_until=now + lease)

    def renewed(self, *, now: datetime, lease: timedelta) -> Self:
        """Return this run with its lease renewed from now."""
        return evolve(self, held_until=now + lease)

    def expired(self) -> Self:
        """Return this run with its lease expired, if it is held."""
        return evolve(self, held_until=None if self.held_until is None else self.begun_at)

    def at(self, cursor: str) -> Self:
        """Return this run, having gone so far."""
        return evolve(self, cursor=cursor)

    def interrupted(self) -> Self:
        """Return this run as ended before it was through; the next one resumes at its cursor."""
        return evolve(self, held_until=None)

    def ended(self) -> Self:
        """Return this run as ended."""
        return evolve(self, held_until=None, cursor=None)
