"""A blob store in a bucket: an object's key is its key there, behind the address's prefix.

Every call is one request to the store or a few, with timeouts and a bounded number of repetitions. A PUT of S3 is
whole or not at all, so nothing half-written is ever seen.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import UTC, timedelta
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, Final, TypedDict

from attrs import field, frozen

from spike_core.domain.errors import InvalidIdentifier, ObjectNotFound
from spike_core.domain.objects import ObjectKey
from spike_core.ports.blobs import StoredObject
from spike_core.ports.clock import Clock
from spike_s3.connection import Connection
from spike_s3.errors import of_code, translated
from spike_s3.links import presigned
from spike_s3.streams import copy, sendable, spool

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LIST_MAX: Final = 1000  # keys that one request lists, by the protocol
LIST_LEAST: Final = 100  # no fewer, so that strangers' objects don't cost a request each
DELETE_MAX: Final = 1000  # keys that one request deletes, by the protocol
OBJECT_BYTES_MAX: Final = 256 * 1024 * 1024  # no picture of ours is larger; what is, isn't read
CACHE_CONTROL: Final = "max-age=300, immutable"  # no longer, so that a deleted object is soon gone from caches too


class _Start(TypedDict, total=False):
    """Where a listing begins; a store may mind an empty beginning."""

    StartAfter: str


@frozen
class S3BlobStore:
    """Objects in a bucket. Building one asks nobody; threads may share it."""

    connection: Connection
    clock: Clock = field(kw_only=True)

    def put(self, key: ObjectKey, content: BinaryIO) -> None:
        """Store an object; see the port. Little of it is in memory at once."""
        with self._asking() as s3, sendable(content) as body:
            s3.put_object(
                Bucket=self._bucket,
                Key=self._name(key),
                Body=body,
                ContentType=key.format.media_type,
                CacheControl=CACHE_CONTROL,
            )

    def open(self, key: ObjectKey) -> AbstractContextManager[BinaryIO]:
        """Open an object; see the port. It is fetched whole first, so that reading it can't fail half-way."""
        return self._open(key)

    def find(self, keys: Collection[ObjectKey]) -> frozenset[ObjectKey]:
        """Return those keys that hold an object.

        The listing is asked first: it tells of hundreds of neighbors at once. What it
        doesn't have is asked for by name, as some stores list a new object a little later than they show it.
        """
        listed = self._listed(keys)
        return listed | {key for key in keys if key not in listed and self._is_there(key)}

    def delete(self, keys: Collection[ObjectKey]) -> None:
        """Delete objects, a thousand with each request."""
        names = iter({self._name(key) for key in keys})
        while batch := list(islice(names, DELETE_MAX)):
            with self._asking() as s3:
                answer = s3.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": [{"Key": name} for name in batch], "Quiet": True}
                )
            for trouble in answer.get("Errors", ()):
                if trouble.get("Code") != "NoSuchKey":
                    raise of_code(self.connection.address, trouble.get("Code", ""))

    def scan(self, *, after: ObjectKey | None = None, limit: int) -> Sequence[StoredObject]:
        """Return a page of objects; what isn't ours under the prefix is passed over."""
        page_size = min(LIST_MAX, max(limit, LIST_LEAST))
        return list(islice(self._objects(after, page_size=page_size), limit))

    def ping(self) -> None:
        """Check by one request that the bucket is there and lets us list it; see `Storage`."""
        with self._asking() as s3:
            s3.list_objects_v2(Bucket=self._bucket, Prefix=self.connection.address.prefix, MaxKeys=1)

    def url(self, key: ObjectKey, *, valid_for: timedelta) -> str:
        """Return an address at the store itself, signed; see the port and `presigned`."""
        connected = self.connection.get()
        path = f"{self._bucket}/{self._name(key)}"
        return presigned(connected, path, now=self.clock.now(), valid_for=valid_for)

    @property
    def _bucket(self) -> str:
        return self.connection.address.bucket

    def _name(self, key: ObjectKey) -> str:
        """Return the key's name in the bucket. Keys are parsed once more: what parses can't leave the prefix."""
        return self.connection.address.prefix + ObjectKey.parse(key.text).text

    @contextmanager
    def _asking(self) -> "Iterator[S3Client]":
        """Give the client, and turn its errors into the domain's."""
        with translated(self.connection.address):
            yield self.connection.get().client

    @contextmanager
    def _open(self, key: ObjectKey) -> Iterator[BinaryIO]:
        with spool() as file:
            with self._asking() as s3:
                answer = s3.get_object(Bucket=self._bucket, Key=self._name(key))
                with closing(answer["Body"]) as body:
                    copy(body, file, bytes_max=OBJECT_BYTES_MAX)
            file.seek(0)
            yield file

    def _is_there(self, key: ObjectKey) -> bool:
        try:
            with self._asking() as s3:
                s3.head_object(Bucket=self._bucket, Key=self._name(key))
        except ObjectNotFound:
            return False
        return True

    def _listed(self, keys: Collection[ObjectKey]) -> frozenset[ObjectKey]:
        """Return those keys that the listing has, skipping what lies between them: a request for each key at most."""
        wanted = {self._name(key): key for key in keys}
        left = sorted(wanted)
        listed: set[ObjectKey] = set()
        while left:
            with self._asking() as s3:
                answer = s3.list_objects_v2(
                    Bucket=self._bucket,
                    StartAfter=left[0][:-1],  # sorts before the name, with hardly anything in between
                    MaxKeys=min(LIST_MAX, 2 * len(left)),
                )
            names = [entry.get("Key", "") for entry in answer.get("Contents", ())]
            listed.update(wanted[name] for name in names if name in wanted)
            if not answer.get("IsTruncated") or not names:
                break
            left = [name for name in left if name > names[-1]]
        return frozenset(listed)

    def _objects(self, after: ObjectKey | None, *, page_size: int) -> Iterator[StoredObject]:
        """Yield the objects behind `after`, in order; further pages are asked for only when they are wanted."""
        prefix = self.connection.address.prefix
        start: _Start = {} if after is None else {"StartAfter": self._name(after)}
        with self._asking() as s3:
            pages = s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix, PaginationConfig={"PageSize": page_size}, **start
            )
            for page in pages:
                for entry in page.get("Contents", ()):
                    with suppress(InvalidIdentifier):  # somebody else's object
                        yield StoredObject(
                            key=ObjectKey.parse(entry["Key"].removeprefix(prefix)),
                            size_bytes=entry["Size"],
                            stored_at=entry["LastModified"].astimezone(UTC),
                        )
