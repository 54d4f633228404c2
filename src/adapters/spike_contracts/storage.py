"""Laws that every Storage keeps."""

import io
from collections.abc import Callable, Sequence
from typing import Final

import pytest

from spike_contracts.blobs import an_original, content_of
from spike_core.domain.errors import StorageUnavailable
from spike_core.ports.blobs import BlobStore
from spike_core.ports.factories import Storage


def _open(blobs: BlobStore) -> None:
    with blobs.open(an_original()):
        pass


CALLS: Final[Sequence[Callable[[BlobStore], object]]] = (
    lambda blobs: blobs.put(an_original(), io.BytesIO(b"x")),
    _open,
    lambda blobs: blobs.find([an_original()]),
    lambda blobs: blobs.delete([an_original()]),
    lambda blobs: blobs.scan(limit=1),
)


class StorageContract:
    """Needs the fixtures `storage`, empty, `reopen`, which opens the same store anew, and `lost_storage`, unavailable.

    `reopen` shares nothing with `storage` but the store itself, as if it were called in another process.
    """

    def test_a_store_that_is_there_answers_and_keeps_nothing_of_it(self, storage: Storage) -> None:
        storage.ping()
        assert storage.blobs.scan(limit=1) == []

    def test_a_store_that_holds_something_answers(self, storage: Storage) -> None:
        key = an_original()
        storage.blobs.put(key, io.BytesIO(b"x"))
        storage.ping()
        assert [stored.key for stored in storage.blobs.scan(limit=2)] == [key]

    def test_what_is_stored_or_deleted_is_so_when_the_store_is_opened_again(
        self, storage: Storage, reopen: Callable[[], Storage]
    ) -> None:
        kept, deleted = an_original(), an_original()
        for key in (kept, deleted):
            storage.blobs.put(key, io.BytesIO(b"a picture"))
        storage.blobs.delete([deleted])
        again = reopen().blobs
        assert content_of(again, kept) == b"a picture"
        assert again.find([kept, deleted]) == {kept}

    def test_a_store_that_is_away_is_told_so(self, lost_storage: Storage) -> None:
        with pytest.raises(StorageUnavailable):
            lost_storage.ping()

    @pytest.mark.parametrize("call", CALLS, ids=["put", "open", "find", "delete", "scan"])
    def test_every_call_of_a_store_that_is_away_raises_its_error(
        self, lost_storage: Storage, call: Callable[[BlobStore], object]
    ) -> None:
        """`StorageUnavailable`, not the error of a driver or of the operating system."""
        with pytest.raises(StorageUnavailable):
            call(lost_storage.blobs)

    def test_free_space_is_a_number_of_bytes_or_unknown(self, storage: Storage) -> None:
        if storage.free_bytes is not None:
            free_bytes = storage.free_bytes()
            assert isinstance(free_bytes, int)
            assert free_bytes >= 0
