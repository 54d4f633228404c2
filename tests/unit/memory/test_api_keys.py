import pytest

from spike_contracts.api_keys import ApiKeysContract
from spike_memory import MemoryTransactions


class TestMemoryApiKeys(ApiKeysContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
