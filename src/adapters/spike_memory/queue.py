"""A queue that keeps what it is sent."""

from collections import deque

from spike_core.domain.errors import QueueUnavailable
from spike_core.domain.identifiers import JobId


class MemoryQueue:
    """Holds messages until somebody takes them; can be told to refuse."""

    def __init__(self) -> None:
        """Begin empty and willing."""
        self.messages: deque[JobId] = deque()
        self.refuses = False

    def send(self, job_id: JobId) -> None:
        """Keep the message; see the port."""
        if self.refuses:
            raise QueueUnavailable
        self.messages.append(job_id)
