"""Laws that every Storage keeps."""

import io

import pytest

from spike_contracts.blobs import an_original
from spike_core.domain.errors import StorageUnavailable
from spike_core.ports.factories import Storage


class StorageContract:
    """The adapter's test provides the fixtures `storage`, empty, and `lost_storage`, whose store is unavailable."""

    def test_a_store_that_is_there_answers_and_keeps_nothing_of_it(self, storage: Storage) -> None:
        storage.ping()
        assert storage.blobs.scan(limit=1) == []

    def test_a_store_that_holds_something_answers(self, storage: Storage) -> None:
        key = an_original()
        storage.blobs.put(key, io.BytesIO(b"x"))
        storage.ping()
        assert [stored.key for stored in storage.blobs.scan(limit=2)] == [key]

    def test_a_store_that_is_away_is_told_so(self, lost_storage: Storage) -> None:
        with pytest.raises(StorageUnavailable):
            lost_storage.ping()
