"""A queue that keeps what it is sent."""

import threading
from collections import deque

from spike_core.domain.errors import QueueUnavailable
from spike_core.domain.identifiers import JobId


class MemoryQueue:
    """Holds messages until somebody takes them; can be told to refuse."""

    def __init__(self) -> None:
        """Begin empty and willing."""
        self.messages: deque[JobId] = deque()
        self.refuses = False
        self._arrived = threading.Condition()

    def send(self, job_id: JobId) -> None:
        """Keep the message; see the port."""
        if self.refuses:
            raise QueueUnavailable
        with self._arrived:
            self.messages.append(job_id)
            self._arrived.notify()

    def take(self, *, timeout_s: float) -> JobId | None:
        """Return the oldest message and forget it, or `None` if none comes in time."""
        with self._arrived:
            if not self.messages:
                self._arrived.wait(timeout_s)
            return self.messages.popleft() if self.messages else None
