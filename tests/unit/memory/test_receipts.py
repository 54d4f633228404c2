import pytest

from spike_contracts.receipts import ReceiptsContract
from spike_memory import MemoryTransactions


class TestMemoryReceipts(ReceiptsContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
