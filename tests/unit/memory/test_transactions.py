import pytest

from spike_contracts.transactions import TransactionsContract
from spike_memory import MemoryTransactions


class TestMemoryTransactions(TransactionsContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
