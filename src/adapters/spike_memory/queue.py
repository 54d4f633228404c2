"""A queue that keeps what it is sent."""

import threading
from collections import deque
from collections.abc import Container

from spike_core.domain.errors import QueueUnavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.lanes import Lane


class MemoryQueue:
    """Holds messages until somebody takes them; can be told to refuse."""

    def __init__(self) -> None:
        """Begin empty and willing."""
        self.messages: deque[JobId] = deque()
        self.refuses = False
        self._lanes: dict[JobId, Lane] = {}  # what a test has put in by hand is quick
        self._arrived = threading.Condition()

    def send(self, job_id: JobId, *, lane: Lane) -> None:
        """Keep the message; see the port."""
        if self.refuses:
            raise QueueUnavailable
        with self._arrived:
            self.messages.append(job_id)
            self._lanes[job_id] = lane
            self._arrived.notify_all()

    def lane_of(self, job_id: JobId) -> Lane:
        """Return the lane that a job was sent on."""
        return self._lanes.get(job_id, Lane.QUICK)

    def take(self, *, lanes: Container[Lane], timeout_s: float) -> JobId | None:
        """Return the oldest message of these lanes and forget it, or `None` if none comes in time."""
        with self._arrived:
            if (found := self._take(lanes)) is None:
                self._arrived.wait(timeout_s)
                found = self._take(lanes)
            return found

    def _take(self, lanes: Container[Lane]) -> JobId | None:
        for job_id in self.messages:
            if self.lane_of(job_id) in lanes:
                self.messages.remove(job_id)
                return job_id
        return None
