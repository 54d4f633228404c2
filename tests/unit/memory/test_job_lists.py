import pytest

from spike_contracts.job_lists import JobListsContract
from spike_memory import MemoryTransactions


class TestMemoryJobLists(JobListsContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
