"""A blob store in memory."""

import hashlib
import io
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import BinaryIO
from urllib.parse import urlencode

from attrs import frozen

from spike_core.domain.errors import InvalidLink, ObjectNotFound
from spike_core.domain.objects import ObjectKey
from spike_core.domain.validity_periods import ValidityPeriod
from spike_core.ports.blobs import StoredObject
from spike_core.ports.clock import Clock


@frozen(kw_only=True)
class _Entry:
    content: bytes
    stored: StoredObject


class MemoryBlobStore:
    """Holds objects as long as it lives."""

    def __init__(self, clock: Clock) -> None:
        """Begin empty."""
        self._clock = clock
        self._entries: dict[ObjectKey, _Entry] = {}
        self._changing = threading.Lock()

    def put(self, key: ObjectKey, content: BinaryIO) -> None:
        """Store an object; see the port."""
        data = content.read()
        stored = StoredObject(key=key, size_bytes=len(data), stored_at=self._clock.now())
        with self._changing:
            self._entries[key] = _Entry(content=data, stored=stored)

    def open(self, key: ObjectKey) -> AbstractContextManager[BinaryIO]:
        """Open an object; see the port."""
        return self._open(key)

    def find(self, keys: Collection[ObjectKey]) -> frozenset[ObjectKey]:
        """Return those keys that hold an object."""
        return frozenset(key for key in keys if key in self._entries)

    def delete(self, keys: Collection[ObjectKey]) -> None:
        """Delete objects."""
        with self._changing:
            for key in keys:
                self._entries.pop(key, None)

    def scan(self, *, after: ObjectKey | None = None, limit: int) -> Sequence[StoredObject]:
        """Return a page of objects."""
        with self._changing:
            stored = [self._entries[key].stored for key in sorted(self._entries)]
        return [object_ for object_ in stored if after is None or object_.key > after][:limit]

    def url(self, key: ObjectKey, *, valid_for: timedelta) -> str:
        """Return a URL that `check` accepts."""
        expires = ValidityPeriod.of(self._clock.now(), valid_for=valid_for).ends.isoformat()
        signature = _signature(key, expires)
        return f"/files/{key}?{urlencode({'expires': expires, 'signature': signature})}"

    def attachment_url(self, key: ObjectKey, *, content_disposition: str, valid_for: timedelta) -> str:  # noqa: ARG002  # the service sets it
        """Return a signed path as `url` does, which asks the service for an attachment."""
        return f"{self.url(key, valid_for=valid_for)}&download=1"

    def check(self, key: ObjectKey, *, expires: str, signature: str) -> None:
        """Check that `url` returned this URL; see the port `SignedUrls`."""
        if signature != _signature(key, expires):
            raise InvalidLink
        if self._clock.now() >= datetime.fromisoformat(expires):
            raise InvalidLink

    @contextmanager
    def _open(self, key: ObjectKey) -> Iterator[BinaryIO]:
        try:
            entry = self._entries[key]
        except KeyError as error:
            raise ObjectNotFound from error
        yield io.BytesIO(entry.content)


def _signature(key: ObjectKey, expires: str) -> str:
    """Sign well enough for tests, which don't attack."""
    return hashlib.sha256(f"{key} {expires}".encode()).hexdigest()
