import pytest

from spike_contracts.chores import ChoresContract
from spike_memory import MemoryTransactions


class TestMemoryChores(ChoresContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
