"""A blob store in a folder: an object is a file, its key the path below the root.

A file comes into sight by a rename, whole and synced to the disk, or not at all. What a crash leaves behind lies in
`.incoming`, out of sight, until a later `put` throws it away.
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
from spike_filesystem.links import LinkSigner
from spike_filesystem.listings import ListingCursor, ListingCursors

COPY_BYTES: Final = 256 * 1024  # so much of an object is in memory at once; more takes longer
LEFTOVER_AGE: Final = timedelta(days=1)  # no live `put` takes so long
CURSOR_KEPT_FROM: Final = 100  # objects in a page: whoever asks for fewer wants to see one, not all
NAMES_HELD_MAX: Final = 50_000  # some 5 MB; a larger folder is looked through once for each so many

_FOLDERS: Final = ("enhanced", "images", "inputs", "originals")  # all that keys begin with, in their order
_INCOMING: Final = ".incoming"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@frozen
class FilesystemBlobStore:
    """Objects as files below `root`, a folder that need not exist yet. It also gives out and checks links.

    Building one touches no disk. Several processes may share the folder; it must lie on one file system.
    """

    root: Path
    clock: Clock = field(kw_only=True)
    secret: bytes = field(kw_only=True, repr=False)
    _walks: ListingCursors = field(factory=ListingCursors, init=False, repr=False, eq=False)

    def put(self, key: ObjectKey, content: BinaryIO) -> None:
        """Store an object; see the port. Throws away leftovers of crashed processes, too."""
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
                with suppress(OSError):  # it is gone when all went well, and out of sight in any case
                    os.unlink(name)  # noqa: PTH108  # mkstemp speaks text
        except OSError as error:
            raise StorageUnavailable from error

    def open(self, key: ObjectKey) -> AbstractContextManager[BinaryIO]:
        """Open an object; see the port."""
        return self._open(key)

    def find(self, keys: Collection[ObjectKey]) -> frozenset[ObjectKey]:
        """Return those keys that hold an object."""
        return frozenset(stored.key for key in keys for stored in self._look_at(key))

    def delete(self, keys: Collection[ObjectKey]) -> None:
        """Delete objects. An object that a crash of the machine brings back is for the sweep to collect."""
        for key in keys:
            try:
                self._path(key).unlink(missing_ok=True)
            except OSError as error:
                raise StorageUnavailable from error

    def scan(self, *, after: ObjectKey | None = None, limit: int) -> Sequence[StoredObject]:
        """Return a page of objects.

        Whoever goes on behind a page's last key soon goes on with the same walk: as many pages as `NAMES_HELD_MAX`
        names fill cost one look through the folder together, and no more names than that are held.
        What is stored in between may be left out then; what is deleted is.
        """
        now = self.clock.now()
        is_for_all = limit >= CURSOR_KEPT_FROM
        walk = self._walks.taken(after, now=now)
        if walk is None:
            held_max = NAMES_HELD_MAX if is_for_all else CURSOR_KEPT_FROM
            walk = ListingCursor(self._names_behind, behind="" if after is None else after.text, held_max=held_max)
        page: list[StoredObject] = []
        for name in walk:
            with suppress(InvalidIdentifier):  # somebody else's file
                page += self._look_at(ObjectKey.parse(name))
            if len(page) == limit:
                break
        if page and walk.has_more and is_for_all:
            self._walks.keep(walk, behind=page[-1].key, now=now)
        return page

    def ping(self) -> None:
        """Check that the folder can be read and written, or made, without listing it; see `Storage`."""
        folder = self.root
        try:
            while not folder.exists():
                folder = folder.parent
        except OSError as error:
            raise StorageUnavailable from error
        if not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise StorageUnavailable from PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))

    def url(self, key: ObjectKey, *, valid_for: timedelta) -> str:
        """Return a signed path under `/files/`; see the port and `LinkSigner.sign`."""
        return self._links.sign(key, valid_for=valid_for)

    def check(self, key: ObjectKey, *, expires: str, signature: str) -> None:
        """Check the two query parameters of a link; see the signed-links port."""
        self._links.check(key, expires=expires, signature=signature)

    @property
    def _links(self) -> LinkSigner:
        return LinkSigner(clock=self.clock, secret=self.secret)

    def _path(self, key: ObjectKey) -> Path:
        """Return where the object lies.

        Keys are parsed once more: what parses has one folder of two and no further dot-dot, slash or leading dot, so
        nothing outside the root can be named, however the key was made.
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

    def _look_at(self, key: ObjectKey) -> Sequence[StoredObject]:
        """Return the object, or nothing where there is none."""
        try:
            seen = self._path(key).lstat()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise StorageUnavailable from error
        if not stat.S_ISREG(seen.st_mode):
            return ()
        stored_at = _EPOCH + timedelta(microseconds=seen.st_mtime_ns // 1000)
        return (StoredObject(key=key, size_bytes=seen.st_size, stored_at=stored_at),)

    def _names_behind(self, first: str, count: int) -> list[str]:
        """Return the first `count` names behind `first` that may be keys, the first one last.

        A folder tells its names in no order, so all are looked at; only those that are asked for are kept.
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
    except OSError:  # nobody can tell whether the name would survive a crash
        target.unlink(missing_ok=True)
        raise


def _make_folder(folder: Path) -> None:
    """Make the folder and those above it, so that they survive a crash of the machine."""
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
    """Remove files that were begun `LEFTOVER_AGE` ago, by the clock that named them: their writers are dead."""
    begun_before = int((now - LEFTOVER_AGE).timestamp())
    for file in incoming.iterdir():
        begun_s, dash, _ = file.name.partition("-")
        if dash and begun_s.isdecimal() and int(begun_s) < begun_before:
            with suppress(OSError):  # a live `put` doesn't fail for a dead one
                file.unlink()
