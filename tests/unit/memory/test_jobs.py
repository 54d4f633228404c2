import pytest

from contracts.jobs import JobsContract
from spike_memory import MemoryTransactions


class TestMemoryJobs(JobsContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
