"""The blob store port."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import BinaryIO, Protocol

from attrs import frozen

from spike_core.domain.objects import ObjectKey


@frozen(kw_only=True)
class StoredObject:
    """What a store tells of an object without reading it."""

    key: ObjectKey
    size_bytes: int
    stored_at: datetime


class BlobStore(Protocol):
    """Immutable objects under keys. What `put` has returned from survives a crash of the machine."""

    def put(self, key: ObjectKey, content: BinaryIO) -> None:
        """Store everything from `content`'s position on; readers see the whole object or none.

        Raises:
            StorageUnavailable: it couldn't be stored, and nothing is visible under the key that wasn't before; or the
                store's answer was lost, and then the whole object may be there.
        """

    def open(self, key: ObjectKey) -> AbstractContextManager[BinaryIO]:
        """Open an object for reading, seekable.

        Raises:
            ObjectNotFound: there is none.
            StorageUnavailable: the store doesn't answer.
        """

    def find(self, keys: Collection[ObjectKey]) -> frozenset[ObjectKey]:
        """Return those of the keys that hold an object.

        Raises:
            StorageUnavailable: the store doesn't answer.
        """

    def delete(self, keys: Collection[ObjectKey]) -> None:
        """Delete objects; those that aren't there are ignored.

        Raises:
            StorageUnavailable: some may be left.
        """

    def scan(self, *, after: ObjectKey | None = None, limit: int) -> Sequence[StoredObject]:
        """Return at most `limit` objects, ordered by key, behind `after` or from the first.

        Raises:
            StorageUnavailable: the store doesn't answer.
        """

    def url(self, key: ObjectKey, *, valid_for: timedelta) -> str:
        """Return an address where anyone who holds it reads the object, for at least `valid_for`.

        It is absolute, or a path on the service's own host. No call goes out.
        """
