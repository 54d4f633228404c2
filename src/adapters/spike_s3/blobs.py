"""A blob store in a bucket: an object's name there is its key, after the address's prefix.

Every call makes one or a few requests, with timeouts and a limited number of retries. A PUT in S3 is atomic, so partial
objects are never visible.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import UTC, timedelta
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, Final, TypedDict

from attrs import field, frozen

from spike_core.domain.errors import InvalidIdentifier, ObjectNotFound
from spike_core.domain.limits import LARGEST_FILE_BYTES_MAX
from spike_core.domain.objects import ObjectKey
from spike_core.ports.blobs import StoredObject
from spike_core.ports.clock import Clock
from spike_s3.connection import Connection
from spike_s3.errors import of_code, translated
from spike_s3.signed_urls import presigned
from spike_s3.streams import copy, sendable, spool

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LIST_MAX: Final = 1000  # keys in one response, a limit of the protocol
LIST_LEAST: Final = 100  # no fewer, so that foreign objects under the prefix don't cost a request each
DELETE_MAX: Final = 1000  # keys in one request, a limit of the protocol
OBJECT_BYTES_MAX: Final = LARGEST_FILE_BYTES_MAX  # larger objects aren't read
CACHE_CONTROL: Final = "max-age=300, immutable"  # short, so that deleted objects soon leave caches too


class _Start(TypedDict, total=False):
    """Where a listing starts; left out at the beginning, since some stores reject an empty `StartAfter`."""

    StartAfter: str


@frozen
class S3BlobStore:
    """Objects in a bucket. Construction makes no request. Thread-safe."""

    connection: Connection
    clock: Clock = field(kw_only=True)

    def put(self, key: ObjectKey, content: BinaryIO) -> None:
        """Store an object; see the port. Only a small part of it is in memory at a time."""
        with self._client() as s3, sendable(content) as body:
            s3.put_object(
                Bucket=self._bucket,
                Key=self._name(key),
                Body=body,
                ContentType=key.format.media_type,
                CacheControl=CACHE_CONTROL,
            )

    def open(self, key: ObjectKey) -> AbstractContextManager[BinaryIO]:
        """Open an object; see the port. It is fetched completely first, so that reading can't fail halfway."""
        return self._open(key)

    def find(self, keys: Collection[ObjectKey]) -> frozenset[ObjectKey]:
        """Return those keys that have an object.

        The listing is asked first, since one response covers up to a thousand neighboring keys. Keys that it lacks are
        then checked one by one, because some stores list a new object only some time after it can be read.
        """
        listed = self._listed(keys)
        return listed | {key for key in keys if key not in listed and self._is_there(key)}

    def delete(self, keys: Collection[ObjectKey]) -> None:
        """Delete objects, up to a thousand per request."""
        names = iter({self._name(key) for key in keys})
        while batch := list(islice(names, DELETE_MAX)):
            with self._client() as s3:
                answer = s3.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": [{"Key": name} for name in batch], "Quiet": True}
                )
            for trouble in answer.get("Errors", ()):
                if trouble.get("Code") != "NoSuchKey":
                    raise of_code(self.connection.address, trouble.get("Code", ""))

    def scan(self, *, after: ObjectKey | None = None, limit: int) -> Sequence[StoredObject]:
        """Return a page of objects; names under the prefix that aren't object keys are skipped."""
        page_size = min(LIST_MAX, max(limit, LIST_LEAST))
        return list(islice(self._objects(after, page_size=page_size), limit))

    def ping(self) -> None:
        """Check with one request that the bucket exists and may be listed; see `Storage`."""
        with self._client() as s3:
            s3.list_objects_v2(Bucket=self._bucket, Prefix=self.connection.address.prefix, MaxKeys=1)

    def url(self, key: ObjectKey, *, valid_for: timedelta) -> str:
        """Return a signed URL at the store itself; see the port and `presigned`."""
        return self._presigned(key, valid_for=valid_for)

    def attachment_url(self, key: ObjectKey, *, content_disposition: str, valid_for: timedelta) -> str:
        """Return a signed URL as `url` does; the store sets the header, which is signed, too."""
        return self._presigned(key, valid_for=valid_for, content_disposition=content_disposition)

    def _presigned(self, key: ObjectKey, *, valid_for: timedelta, content_disposition: str = "") -> str:
        headers = {"response-cache-control": f"private, max-age={int(valid_for.total_seconds())}, immutable"}
        if content_disposition:
            headers["response-content-disposition"] = content_disposition
        return presigned(
            self.connection.get(),
            f"{self._bucket}/{self._name(key)}",
            now=self.clock.now(),
            valid_for=valid_for,
            headers=headers,
        )

    @property
    def _bucket(self) -> str:
        return self.connection.address.bucket

    def _name(self, key: ObjectKey) -> str:
        """Return the key's name in the bucket. The key is parsed again, so that its name can't leave the prefix."""
        return self.connection.address.prefix + ObjectKey.parse(key.text).text

    @contextmanager
    def _client(self) -> "Iterator[S3Client]":
        """Yield the client, and translate its errors to the domain's."""
        with translated(self.connection.address):
            yield self.connection.get().client

    @contextmanager
    def _open(self, key: ObjectKey) -> Iterator[BinaryIO]:
        with spool() as file:
            with self._client() as s3:
                answer = s3.get_object(Bucket=self._bucket, Key=self._name(key))
                with closing(answer["Body"]) as body:
                    copy(body, file, bytes_max=OBJECT_BYTES_MAX)
            file.seek(0)
            yield file

    def _is_there(self, key: ObjectKey) -> bool:
        try:
            with self._client() as s3:
                s3.head_object(Bucket=self._bucket, Key=self._name(key))
        except ObjectNotFound:
            return False
        return True

    def _listed(self, keys: Collection[ObjectKey]) -> frozenset[ObjectKey]:
        """Return those keys that the listing has, skipping the keys between them; at most one request per key."""
        wanted = {self._name(key): key for key in keys}
        left = sorted(wanted)
        listed: set[ObjectKey] = set()
        while left:
            with self._client() as s3:
                answer = s3.list_objects_v2(
                    Bucket=self._bucket,
                    StartAfter=left[0][:-1],  # sorts just before the name
                    MaxKeys=min(LIST_MAX, 2 * len(left)),
                )
            names = [entry.get("Key", "") for entry in answer.get("Contents", ())]
            listed.update(wanted[name] for name in names if name in wanted)
            if not answer.get("IsTruncated") or not names:
                break
            left = [name for name in left if name > names[-1]]
        return frozenset(listed)

    def _objects(self, after: ObjectKey | None, *, page_size: int) -> Iterator[StoredObject]:
        """Yield the objects after `after`, in order; pages are requested as they are consumed."""
        prefix = self.connection.address.prefix
        start: _Start = {} if after is None else {"StartAfter": self._name(after)}
        with self._client() as s3:
            pages = s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix, PaginationConfig={"PageSize": page_size}, **start
            )
            for page in pages:
                for entry in page.get("Contents", ()):
                    with suppress(InvalidIdentifier):  # another application's object
                        yield StoredObject(
                            key=ObjectKey.parse(entry["Key"].removeprefix(prefix)),
                            size_bytes=entry["Size"],
                            stored_at=entry["LastModified"].astimezone(UTC),
                        )
