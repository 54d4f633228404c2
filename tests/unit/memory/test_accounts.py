import pytest

from spike_contracts.accounts import AccountsContract
from spike_memory import MemoryTransactions


class TestMemoryAccounts(AccountsContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
