"""What this process is at work on."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import ClaimedJob


class InWork:
    """The jobs that this process holds, from the claim to the end of the attempt."""

    def __init__(self) -> None:
        """Begin with none."""
        self._jobs: dict[JobId, ClaimedJob] = {}
        self._lock = threading.Lock()

    @contextmanager
    def holding(self, job: ClaimedJob) -> Iterator[None]:
        """Hold a job until the context ends."""
        with self._lock:
            self._jobs[job.id] = job
        try:
            yield
        finally:
            with self._lock:
                self._jobs.pop(job.id, None)

    @property
    def jobs(self) -> Sequence[ClaimedJob]:
        """Those that are held now, as they were claimed."""
        with self._lock:
            return list(self._jobs.values())

    def overdue(self, *, now: datetime, work_time_max: timedelta) -> Sequence[ClaimedJob]:
        """Return those that take longer than an attempt may; their threads may never come back."""
        return [job for job in self.jobs if now - job.claimed_at > work_time_max]
