import pytest

from spike_contracts.albums import AlbumsContract
from spike_memory import MemoryTransactions


class TestMemoryAlbums(AlbumsContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
