import pytest

from spike_contracts.overdue import OverdueJobsContract
from spike_memory import MemoryTransactions


class TestMemoryOverdueJobs(OverdueJobsContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
