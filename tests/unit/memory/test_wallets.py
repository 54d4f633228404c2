import pytest

from spike_contracts.wallets import WalletsContract
from spike_memory import MemoryTransactions


class TestMemoryWallets(WalletsContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
