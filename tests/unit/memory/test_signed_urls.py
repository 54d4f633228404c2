import pytest

from spike_contracts.signed_urls import SignedUrlsContract
from spike_memory import ManualClock, MemoryBlobStore


class TestMemoryLinks(SignedUrlsContract):
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    @pytest.fixture
    def blobs(self, clock: ManualClock) -> MemoryBlobStore:
        return MemoryBlobStore(clock)

    @pytest.fixture
    def links(self, blobs: MemoryBlobStore) -> MemoryBlobStore:
        return blobs
