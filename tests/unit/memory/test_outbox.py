import pytest

from spike_contracts.outbox import OutboxContract
from spike_memory import MemoryTransactions


class TestMemoryOutbox(OutboxContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
