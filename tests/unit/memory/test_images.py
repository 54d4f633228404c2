import pytest

from spike_contracts.images import ImagesContract
from spike_memory import MemoryTransactions


class TestMemoryImages(ImagesContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
