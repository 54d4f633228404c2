import pytest

from spike_contracts.tallies import TalliesContract
from spike_core.ports.transactions import Transactions
from spike_memory import MemoryTransactions


class TestMemoryTallies(TalliesContract):
    @pytest.fixture
    def transactions(self) -> Transactions:
        return MemoryTransactions()
