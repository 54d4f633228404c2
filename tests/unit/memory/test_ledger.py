import pytest

from spike_contracts.ledger import LedgerContract
from spike_memory import MemoryTransactions


class TestMemoryLedger(LedgerContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
