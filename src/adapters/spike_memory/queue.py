"""A queue in memory."""

import threading
from collections import deque
from collections.abc import Collection, Container

from spike_core.domain.errors import QueueUnavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.priorities import Priority


class MemoryQueue:
    """Holds messages until they are taken; set `refuses` to make it unavailable."""

    def __init__(self) -> None:
        """Begin empty and available."""
        self.messages: deque[JobId] = deque()
        self.refuses = False
        self.instance = "the first"  # another text stands for another server
        self._priorities: dict[JobId, Priority] = {}  # what a test has put in by hand is quick
        self._arrived = threading.Condition()

    def send(self, job_id: JobId, *, priority: Priority) -> None:
        """Keep the message; see the port."""
        if self.refuses:
            raise QueueUnavailable
        with self._arrived:
            self.messages.append(job_id)
            self._priorities[job_id] = priority
            self._arrived.notify_all()

    def held(self, job_ids: Collection[JobId]) -> Collection[JobId]:
        """Return those of the jobs that weren't taken yet; see the port."""
        if self.refuses:
            raise QueueUnavailable
        with self._arrived:
            return set(job_ids) & set(self.messages)

    def instance_id(self) -> str:
        """Return which instance it is; see the port."""
        if self.refuses:
            raise QueueUnavailable
        return self.instance

    def priority_of(self, job_id: JobId) -> Priority:
        """Return the priority that a job was sent with."""
        return self._priorities.get(job_id, Priority.HIGH)

    def take(self, *, priorities: Container[Priority], timeout_s: float) -> JobId | None:
        """Remove and return the oldest message of these priorities, a FREE one last; `None` if none comes in time."""
        with self._arrived:
            if (found := self._take(priorities)) is None:
                self._arrived.wait(timeout_s)
                found = self._take(priorities)
            return found

    def _take(self, priorities: Container[Priority]) -> JobId | None:
        wanted = [job_id for job_id in self.messages if self.priority_of(job_id) in priorities]
        if not wanted:
            return None
        first = min(wanted, key=lambda job_id: self.priority_of(job_id) is Priority.FREE)  # the oldest of equals
        self.messages.remove(first)
        return first
