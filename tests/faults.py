"""Wrappers of ports that fail on demand."""

from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import BinaryIO

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import DatabaseUnavailable, StorageUnavailable
from spike_core.domain.objects import ObjectKey
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.ports.blobs import BlobStore, StoredObject
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.ports.upscaler import RenderedImage, Upscaler
from spike_memory import MemoryBlobStore, MemoryUpscaler


def pass_by() -> None:
    """Do nothing: for a call that is to succeed."""


def database_fails() -> None:
    """Fail as a database does."""
    raise DatabaseUnavailable


class FaultyTransactions:
    """Wraps transactions, and runs a planned action at each of them."""

    def __init__(self, transactions: Transactions) -> None:
        """Fail nothing yet."""
        self._transactions = transactions
        self.before_begin: deque[Callable[[], None]] = deque()  # one is called and dropped by each `begin`
        self.before_commit: deque[Callable[[], None]] = deque()  # the same, at the end of each `begin`
        self.after_commit: deque[Callable[[], None]] = deque()  # the same, when all is stored

    def begin(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction; see the port."""
        return self._begin()

    def view(self) -> AbstractContextManager[Transaction]:
        """Begin a snapshot; see the port."""
        return self._transactions.view()

    def when_committed(self, action: Callable[[], object]) -> None:
        """Call what follows a commit; see the port."""
        self._transactions.when_committed(action)

    @contextmanager
    def _begin(self) -> Iterator[Transaction]:
        if self.before_begin:
            self.before_begin.popleft()()
        with self._transactions.begin() as tx:
            yield tx
            if self.before_commit:
                self.before_commit.popleft()()
        if self.after_commit:
            self.after_commit.popleft()()


class FaultyBlobStore:
    """Wraps a blob store, with methods that fail by name."""

    def __init__(self, blobs: BlobStore) -> None:
        """Fail nothing yet."""
        self._blobs = blobs
        self.failing: set[str] = set()
        self.calls: list[str] = []  # with those that failed

    def put(self, key: ObjectKey, content: BinaryIO) -> None:
        """Store an object; see the port."""
        self._check("put")
        self._blobs.put(key, content)

    def open(self, key: ObjectKey) -> AbstractContextManager[BinaryIO]:
        """Open an object; see the port."""
        self._check("open")
        return self._blobs.open(key)

    def find(self, keys: Collection[ObjectKey]) -> frozenset[ObjectKey]:
        """Return the keys that have an object; see the port."""
        self._check("find")
        return self._blobs.find(keys)

    def delete(self, keys: Collection[ObjectKey]) -> None:
        """Delete objects."""
        self._check("delete")
        self._blobs.delete(keys)

    def scan(self, *, after: ObjectKey | None = None, limit: int) -> Sequence[StoredObject]:
        """Return a page of objects."""
        self._check("scan")
        return self._blobs.scan(after=after, limit=limit)

    def url(self, key: ObjectKey, *, valid_for: timedelta) -> str:
        """Return a URL; see the port."""
        return self._blobs.url(key, valid_for=valid_for)

    def attachment_url(self, key: ObjectKey, *, content_disposition: str, valid_for: timedelta) -> str:
        """Return a URL; see the port."""
        return self._blobs.attachment_url(key, content_disposition=content_disposition, valid_for=valid_for)

    def _check(self, method: str) -> None:
        self.calls.append(method)
        if method in self.failing:
            raise StorageUnavailable


class ScriptedUpscaler(Upscaler):
    """Follows a script, one step per picture, and then delegates to another upscaler."""

    def __init__(self, upscaler: Upscaler | None = None) -> None:
        """Start with an empty script."""
        self._upscaler = upscaler or MemoryUpscaler()
        self.script: deque[Exception | Callable[[RenderedImage], RenderedImage]] = deque()
        self.calls = 0

    def enhance(
        self,
        original: BinaryIO,
        *,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
        monitor: ProgressMonitor = UNMONITORED,
    ) -> RenderedImage:
        """Raise the script's error, or let it change the picture; see the port."""
        self.calls += 1
        picture = self._upscaler.enhance(original, size=size, monitor=monitor, **options.as_arguments)
        if not self.script:
            return picture
        line = self.script.popleft()
        if isinstance(line, Exception):
            raise line
        return line(picture)


class FullBlobStore(MemoryBlobStore):
    """A store that is full."""

    def put(self, key: ObjectKey, content: BinaryIO) -> None:
        """Fail as a full store does; see the port."""
        raise StorageUnavailable
