from collections.abc import Sequence

import pytest

from spike_contracts.storage import StorageContract
from spike_core.domain.errors import StorageUnavailable
from spike_core.domain.objects import ObjectKey
from spike_core.ports.blobs import StoredObject
from spike_core.ports.factories import Storage
from spike_memory import ManualClock, MemoryBlobStore


class LostBlobStore(MemoryBlobStore):
    def scan(self, *, after: ObjectKey | None = None, limit: int) -> Sequence[StoredObject]:
        raise StorageUnavailable


class TestMemoryStorage(StorageContract):
    @pytest.fixture
    def storage(self) -> Storage:
        return Storage(blobs=MemoryBlobStore(ManualClock()), links=None)

    @pytest.fixture
    def lost_storage(self) -> Storage:
        return Storage(blobs=LostBlobStore(ManualClock()), links=None)
