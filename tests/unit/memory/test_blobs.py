import pytest

from spike_contracts.blobs import BlobStoreContract
from spike_core.ports.blobs import BlobStore
from spike_memory import ManualClock, MemoryBlobStore


class TestMemoryBlobStore(BlobStoreContract):
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    @pytest.fixture
    def blobs(self, clock: ManualClock) -> BlobStore:
        return MemoryBlobStore(clock)
