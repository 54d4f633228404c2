import pytest

from spike_contracts.sessions import SessionsContract
from spike_memory import MemoryTransactions


class TestMemorySessions(SessionsContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
