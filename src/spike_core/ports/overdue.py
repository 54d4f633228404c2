"""The overdue-jobs port: what the sweeper looks for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from spike_core.domain.jobs import ClaimedJob, StartedJob


class OverdueJobs(Protocol):
    """The jobs that wait for something that won't come, within one transaction; oldest first."""

    def expired(self, *, now: datetime, limit: int) -> Sequence[ClaimedJob]:
        """Return at most `limit` claimed jobs whose lease has run out at `now`."""

    def undelivered(self, *, started_before: datetime, limit: int) -> Sequence[StartedJob]:
        """Return at most `limit` jobs that were started before then and never claimed."""
