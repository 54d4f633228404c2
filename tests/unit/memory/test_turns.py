import pytest

from spike_contracts.turns import TurnsContract
from spike_core.ports.transactions import Transactions
from spike_memory import MemoryTransactions


class TestMemoryTurns(TurnsContract):
    @pytest.fixture
    def transactions(self) -> Transactions:
        return MemoryTransactions()
