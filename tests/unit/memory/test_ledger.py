import pytest

from contracts.ledger import LedgerContract
from spike_memory import MemoryTransactions


class TestMemoryLedger(LedgerContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
