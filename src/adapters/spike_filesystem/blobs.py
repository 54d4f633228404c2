"""A blob store in a folder: an object is a file, and its key is the path below the root.

A file becomes visible by a rename, complete and synced to the disk. What a crash leaves behind stays invisible in
`.incoming` until a later `put` removes it.
"""

import errno
import heapq
import operator
import os
import shutil
import stat
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from attrs import field, frozen

from spike_core.domain.errors import InvalidIdentifier, ObjectNotFound, StorageUnavailable
from spike_core.domain.objects import ObjectKey
from spike_core.ports.blobs import StoredObject
from spike_core.ports.clock import Clock
from spike_filesystem.listings import ListingCursor, ListingCursors
from spike_filesystem.signed_urls import LinkSigner

COPY_BYTES: Final = 256 * 1024  # how much of an object is in memory at a time
LEFTOVER_AGE: Final = timedelta(days=1)  # no running `put` takes that long
CURSOR_KEPT_FROM: Final = 100  # page size; smaller pages are single looks, which nothing continues
NAMES_HELD_MAX: Final = 50_000  # some 5 MB of names; a larger folder is listed once per this many

# all first parts of keys, sorted
_FOLDERS: Final = (
    "enhanced",
    "images",
    "inputs",
    "originals",
    "previews",
    "thumbnails",
)
_INCOMING: Final = ".incoming"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@frozen
class FilesystemBlobStore:
    """Objects as files below `root`, a folder that is created on first use. It also signs and verifies URLs.

    Construction doesn't access the disk. Several processes may share the folder, which must be on a single file system.
    """

    root: Path
    clock: Clock = field(kw_only=True)
    secret: bytes = field(kw_only=True, repr=False)
    _listings: ListingCursors = field(factory=ListingCursors, init=False, repr=False, eq=False)

    def put(self, key: ObjectKey, content: BinaryIO) -> None:
        """Store an object; see the port. Also removes leftovers of crashed processes."""
        target = self._path(key)
        now = self.clock.now()
        incoming = self.root / _INCOMING
        try:
            _make_folder(incoming)
            _make_folder(target.parent)
            _remove_leftovers(incoming, now=now)
            descriptor, name = tempfile.mkstemp(dir=incoming, prefix=f"{int(now.timestamp())}-")
            try:
                _fill(descriptor, content, stored_at=now)
                _publish(Path(name), target)
            finally:
                with suppress(OSError):  # after a successful `put` the name is gone
                    os.unlink(name)  # noqa: PTH108  # mkstemp returns text
        except OSError as error:
            raise StorageUnavailable from error

    def open(self, key: ObjectKey) -> AbstractContextManager[BinaryIO]:
        """Open an object; see the port."""
        return self._open(key)

    def find(self, keys: Collection[ObjectKey]) -> frozenset[ObjectKey]:
        """Return those keys that have an object."""
        return frozenset(stored.key for key in keys for stored in self._stored(key))

    def delete(self, keys: Collection[ObjectKey]) -> None:
        """Delete objects. An object that reappears after a crash of the machine is collected by the sweep."""
        for key in keys:
            try:
                self._path(key).unlink(missing_ok=True)
            except OSError as error:
                raise StorageUnavailable from error

    def scan(self, *, after: ObjectKey | None = None, limit: int) -> Sequence[StoredObject]:
        """Return a page of objects.

        Continuing after a page's last key within `LISTING_AGE_MAX` reuses the page's listing: pages that together have
        up to `NAMES_HELD_MAX` names cost a single listing of the folder, and no more names than that are held in
        memory. Objects stored meanwhile may be missing then; deleted ones aren't returned.
        """
        now = self.clock.now()
        is_continued = limit >= CURSOR_KEPT_FROM
        listing = self._listings.take(after, now=now)
        if listing is None:
            held_max = NAMES_HELD_MAX if is_continued else CURSOR_KEPT_FROM
            listing = ListingCursor(self._names_after, after="" if after is None else after.text, held_max=held_max)
        page: list[StoredObject] = []
        for name in listing:
            with suppress(InvalidIdentifier):  # a file that isn't an object
                page += self._stored(ObjectKey.parse(name))
            if len(page) == limit:
                break
        if page and listing.has_more and is_continued:
            self._listings.keep(listing, after=page[-1].key, now=now)
        return page

    def ping(self) -> None:
        """Check that the folder can be read and written, or created, without listing it; see `Storage`."""
        folder = self._existing_folder()
        if not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise StorageUnavailable from PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))

    def free_bytes(self) -> int:
        """Return how many bytes of the folder's file system are free for this process; see `Storage`.

        Raises:
            StorageUnavailable: the folder can't be read.
        """
        try:
            return shutil.disk_usage(self._existing_folder()).free
        except OSError as error:
            raise StorageUnavailable from error

    def url(self, key: ObjectKey, *, valid_for: timedelta) -> str:
        """Return a signed path below `/files/`; see the port and `LinkSigner.sign`."""
        return self._links.sign(key, valid_for=valid_for)

    def attachment_url(self, key: ObjectKey, *, content_disposition: str, valid_for: timedelta) -> str:  # noqa: ARG002  # the service sets it
        """Return a signed path as `url` does, which asks the service for an attachment."""
        return f"{self.url(key, valid_for=valid_for)}&download=1"

    def check(self, key: ObjectKey, *, expires: str, signature: str) -> None:
        """Check the two query parameters of a signed URL; see the port."""
        self._links.check(key, expires=expires, signature=signature)

    def _existing_folder(self) -> Path:
        """Return the root, or its nearest parent that exists."""
        folder = self.root
        try:
            while not folder.exists():
                folder = folder.parent
        except OSError as error:
            raise StorageUnavailable from error
        return folder

    @property
    def _links(self) -> LinkSigner:
        return LinkSigner(clock=self.clock, secret=self.secret)

    def _path(self, key: ObjectKey) -> Path:
        """Return the object's path.

        The key is parsed again: a parsed key has one folder and one name, without `..`, further slashes or a leading
        dot, so the path can't leave the root, however the key was made.
        """
        return self.root / ObjectKey.parse(key.text).text

    @contextmanager
    def _open(self, key: ObjectKey) -> Iterator[BinaryIO]:
        try:
            file = self._path(key).open("rb")
        except FileNotFoundError as error:
            raise ObjectNotFound from error
        except OSError as error:
            raise StorageUnavailable from error
        with file:
            yield file

    def _stored(self, key: ObjectKey) -> Sequence[StoredObject]:
        """Return the object, or nothing if there is none."""
        try:
            status = self._path(key).lstat()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise StorageUnavailable from error
        if not stat.S_ISREG(status.st_mode):
            return ()
        stored_at = _EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000)
        return (StoredObject(key=key, size_bytes=status.st_size, stored_at=stored_at),)

    def _names_after(self, first: str, count: int) -> list[str]:
        """Return the first `count` names after `first` that may be keys, in descending order.

        A folder lists its names in no order, so all are read, but only these are kept.
        """
        begun, _, last = first.partition("/")
        found: list[str] = []
        for folder in _FOLDERS:
            if folder >= begun and len(found) < count:
                names = self._names(folder)
                left = filter(partial(operator.lt, last), names) if folder == begun else names
                found += [f"{folder}/{name}" for name in heapq.nsmallest(count - len(found), left)]
        found.reverse()
        return found

    def _names(self, folder: str) -> Iterator[str]:
        try:
            with os.scandir(self.root / folder) as entries:
                for entry in entries:
                    yield entry.name
        except FileNotFoundError:
            return
        except OSError as error:
            raise StorageUnavailable from error


def _fill(descriptor: int, content: BinaryIO, *, stored_at: datetime) -> None:
    mtime_ns = (stored_at - _EPOCH) // timedelta(microseconds=1) * 1000
    with os.fdopen(descriptor, "wb") as file:
        shutil.copyfileobj(content, file, COPY_BYTES)
        file.flush()
        os.utime(descriptor, ns=(mtime_ns, mtime_ns))
        os.fsync(descriptor)


def _publish(file: Path, target: Path) -> None:
    file.replace(target)
    try:
        _sync_folder(target.parent)
    except OSError:  # whether the name would survive a crash is unknown
        target.unlink(missing_ok=True)
        raise


def _make_folder(folder: Path) -> None:
    """Create the folder and its parents durably, so that they survive a crash of the machine."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_leftovers(incoming: Path, *, now: datetime) -> None:
    """Remove files that were created more than `LEFTOVER_AGE` ago: their writers must have died.

    The time is part of the name, by the clock of the process that created it.
    """
    begun_before = int((now - LEFTOVER_AGE).timestamp())
    for file in incoming.iterdir():
        begun_s, dash, _ = file.name.partition("-")
        if dash and begun_s.isdecimal() and int(begun_s) < begun_before:
            with suppress(OSError):  # removing leftovers must not fail a `put`
                file.unlink()
