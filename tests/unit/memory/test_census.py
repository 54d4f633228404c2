import pytest

from spike_contracts.census import CensusContract
from spike_memory import MemoryTransactions


class TestMemoryCensus(CensusContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
