import pytest

from spike_contracts.removals import RemovalsContract
from spike_memory import MemoryTransactions


class TestMemoryRemovals(RemovalsContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
