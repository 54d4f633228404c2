import pytest

from spike_contracts.album_order import AlbumOrderContract
from spike_memory import MemoryTransactions


class TestMemoryAlbumOrder(AlbumOrderContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
