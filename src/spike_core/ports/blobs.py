"""The blob store port."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import BinaryIO, Protocol

from attrs import frozen

from spike_core.domain.objects import ObjectKey


@frozen(kw_only=True)
class StoredObject:
    """An object's metadata."""

    key: ObjectKey
    size_bytes: int
    stored_at: datetime


class BlobStore(Protocol):
    """Stores immutable objects under keys. An object is durable once `put` has returned."""

    def put(self, key: ObjectKey, content: BinaryIO) -> None:
        """Store `content` from its current position to its end; readers see the whole object or none.

        Raises:
            StorageUnavailable: the object wasn't stored, or the store's response was lost and the whole object may be
                there; a partial object is never visible.
        """

    def open(self, key: ObjectKey) -> AbstractContextManager[BinaryIO]:
        """Open an object for reading, seekable.

        Raises:
            ObjectNotFound: there is no object with this key.
            StorageUnavailable: the store is unavailable.
        """

    def find(self, keys: Collection[ObjectKey]) -> frozenset[ObjectKey]:
        """Return those of the keys that hold an object.

        Raises:
            StorageUnavailable: the store is unavailable.
        """

    def delete(self, keys: Collection[ObjectKey]) -> None:
        """Delete objects; missing ones are ignored.

        Raises:
            StorageUnavailable: some objects may not have been deleted.
        """

    def scan(self, *, after: ObjectKey | None = None, limit: int) -> Sequence[StoredObject]:
        """Return at most `limit` objects, ordered by key, after the key `after` or from the first.

        Raises:
            StorageUnavailable: the store is unavailable.
        """

    def url(self, key: ObjectKey, *, valid_for: timedelta) -> str:
        """Return a URL from which anyone can read the object, for at least `valid_for`.

        It is absolute, or a path on the service's own host. Makes no network call.
        """

    def attachment_url(self, key: ObjectKey, *, content_disposition: str, valid_for: timedelta) -> str:
        """Return a URL as `url` does, whose response has this header, by which browsers save it (RFC 6266).

        A store whose objects the service itself serves adds `download=1` to its URL instead, since the service knows
        the name. By default it is the plain URL.
        """
        del content_disposition
        return self.url(key, valid_for=valid_for)
