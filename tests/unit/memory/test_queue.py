from collections.abc import Callable, Sequence

import pytest

from spike_contracts.queue import JobQueueContract
from spike_core.domain.identifiers import JobId
from spike_core.ports.queue import JobQueue
from spike_memory import MemoryQueue


class TestMemoryQueue(JobQueueContract):
    @pytest.fixture
    def queue(self) -> MemoryQueue:
        return MemoryQueue()

    @pytest.fixture
    def arrived(self, queue: MemoryQueue) -> Callable[[], Sequence[JobId]]:
        def take_out() -> Sequence[JobId]:
            messages = list(queue.messages)
            queue.messages.clear()
            return messages

        return take_out

    @pytest.fixture
    def broken_queue(self) -> JobQueue:
        queue = MemoryQueue()
        queue.refuses = True
        return queue
