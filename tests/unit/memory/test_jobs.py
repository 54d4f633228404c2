import pytest

from spike_contracts.jobs import JobsContract
from spike_memory import MemoryTransactions


class TestMemoryJobs(JobsContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
