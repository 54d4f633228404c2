import pytest

from spike_contracts.links import SignedLinksContract
from spike_memory import ManualClock, MemoryBlobStore


class TestMemoryLinks(SignedLinksContract):
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    @pytest.fixture
    def blobs(self, clock: ManualClock) -> MemoryBlobStore:
        return MemoryBlobStore(clock)

    @pytest.fixture
    def links(self, blobs: MemoryBlobStore) -> MemoryBlobStore:
        return blobs
