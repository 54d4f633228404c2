"""Ports that crash or fail: a process that is killed, or meets an error, at any port call.

`Crash` isn't an `Exception`, so no error handler runs, as after kill -9; an open transaction is rolled back, as a
database does when a connection is lost.
"""

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any, BinaryIO

from attrs import define, field, frozen

from spike_core.domain.errors import DatabaseUnavailable, QueueUnavailable, StorageUnavailable, Unavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.objects import ObjectKey
from spike_core.domain.priorities import Priority
from spike_core.ports.blobs import BlobStore, StoredObject
from spike_core.ports.queue import JobQueue
from spike_core.ports.transactions import Transaction, Transactions


class Crash(BaseException):
    """The process is dead."""


@define
class FaultPlan:
    """When the process crashes or a port fails: after a number of further steps, or never.

    Only the steps of the thread that set the fault count: other threads that an operation starts run in a different
    order each time, but a failing example must be reproducible.
    """

    steps_left: int | None = None
    kills: bool = True
    _thread: int = field(factory=threading.get_ident, init=False)

    def step(self, failure: type[Unavailable] = DatabaseUnavailable) -> None:
        """Take one step, which may raise `Crash`, or the port's `failure`."""
        if self.steps_left is None or threading.get_ident() != self._thread:
            return
        if self.steps_left == 0:
            self.steps_left = None
            raise Crash if self.kills else failure
        self.steps_left -= 1

    @contextmanager
    def dying_after(self, steps: int | None) -> Iterator[None]:
        """Make the process crash during one operation."""
        with self._set(steps, kills=True):
            yield

    @contextmanager
    def failing_after(self, steps: int | None) -> Iterator[None]:
        """Make a port fail during one operation."""
        with self._set(steps, kills=False):
            yield

    @contextmanager
    def _set(self, steps: int | None, *, kills: bool) -> Iterator[None]:
        self.steps_left, self.kills, self._thread = steps, kills, threading.get_ident()
        try:
            yield
        finally:
            self.steps_left = None


@frozen
class _Crashing:
    """A repository each of whose calls may crash or fail."""

    _inner: Any
    _fate: FaultPlan

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._inner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self._fate.step()
            return method(*args, **kwargs)

        return call


@frozen
class _CrashingTransaction:
    _inner: Transaction
    _fate: FaultPlan

    def __getattr__(self, name: str) -> _Crashing:
        return _Crashing(getattr(self._inner, name), self._fate)


@frozen
class CrashingTransactions:
    """Transactions that crash before, within and after."""

    _inner: Transactions
    _fate: FaultPlan

    def begin(self) -> AbstractContextManager[Transaction]:
        return self._mortal(self._inner.begin)

    def view(self) -> AbstractContextManager[Transaction]:
        return self._mortal(self._inner.view)

    def when_committed(self, action: Callable[[], object]) -> None:
        self._inner.when_committed(action)

    @contextmanager
    def _mortal(self, begin: Callable[[], AbstractContextManager[Transaction]]) -> Iterator[Any]:
        self._fate.step()
        with begin() as tx:
            yield _CrashingTransaction(tx, self._fate)
            self._fate.step()  # before the commit
        if self._fate.kills:
            self._fate.step()  # after the commit, before the caller learns of it


@frozen
class CrashingBlobStore:
    """A blob store whose client crashes before a call."""

    _inner: BlobStore
    _fate: FaultPlan

    def put(self, key: ObjectKey, content: BinaryIO) -> None:
        self._fate.step(StorageUnavailable)
        self._inner.put(key, content)

    def open(self, key: ObjectKey) -> AbstractContextManager[BinaryIO]:
        self._fate.step(StorageUnavailable)
        return self._inner.open(key)

    def find(self, keys: Collection[ObjectKey]) -> frozenset[ObjectKey]:
        self._fate.step(StorageUnavailable)
        return self._inner.find(keys)

    def delete(self, keys: Collection[ObjectKey]) -> None:
        self._fate.step(StorageUnavailable)
        self._inner.delete(keys)

    def scan(self, *, after: ObjectKey | None = None, limit: int) -> "list[StoredObject]":
        self._fate.step(StorageUnavailable)
        return list(self._inner.scan(after=after, limit=limit))

    def url(self, key: ObjectKey, *, valid_for: timedelta) -> str:
        return self._inner.url(key, valid_for=valid_for)

    def attachment_url(self, key: ObjectKey, *, content_disposition: str, valid_for: timedelta) -> str:
        return self._inner.attachment_url(key, content_disposition=content_disposition, valid_for=valid_for)


@frozen
class CrashingQueue:
    """A queue whose sender crashes before a message."""

    _inner: JobQueue
    _fate: FaultPlan

    def send(self, job_id: JobId, *, priority: Priority) -> None:
        self._fate.step(QueueUnavailable)
        self._inner.send(job_id, priority=priority)

    def held(self, job_ids: Collection[JobId]) -> Collection[JobId]:
        return self._inner.held(job_ids)

    def instance_id(self) -> str:
        return self._inner.instance_id()
