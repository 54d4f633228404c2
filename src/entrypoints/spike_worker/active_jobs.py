"""The jobs that this process is running."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import ClaimedJob


class ActiveJobs:
    """The jobs that this process has claimed, until their attempts end."""

    def __init__(self) -> None:
        """Start without jobs."""
        self._jobs: dict[JobId, ClaimedJob] = {}
        self._lock = threading.Lock()

    @contextmanager
    def holding(self, job: ClaimedJob) -> Iterator[None]:
        """Register a job until the context ends."""
        with self._lock:
            self._jobs[job.id] = job
        try:
            yield
        finally:
            with self._lock:
                self._jobs.pop(job.id, None)

    @property
    def jobs(self) -> Sequence[ClaimedJob]:
        """The registered jobs, as they were claimed."""
        with self._lock:
            return list(self._jobs.values())

    def overdue(self, *, now: datetime, work_time_max: timedelta) -> Sequence[ClaimedJob]:
        """Return the jobs that exceed the time limit of an attempt; their threads may hang."""
        return [job for job in self.jobs if now - job.claimed_at > work_time_max]
