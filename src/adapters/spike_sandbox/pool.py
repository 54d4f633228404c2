"""Children of one kind: kept warm between works, replaced when they die, never more than so many."""

import contextlib
import logging
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from attrs import define, field, validators

from spike_core.domain.errors import UpscalerUnavailable
from spike_sandbox.limits import Limits
from spike_sandbox.process import Child

WORKS_MAX: Final = 1000  # of one child, then another takes its place: libraries leak

_log: Final = logging.getLogger(__name__)


@define(eq=False)
class _Kept:
    """What there is of children; apart from `Children`, so that these can be collected as garbage."""

    pid: int = field(factory=os.getpid)
    idle: list[Child] = field(factory=list)
    busy: set[Child] = field(factory=set)
    starting: int = 0
    is_closed: bool = False
    lock: threading.Lock = field(factory=threading.Lock)

    @property
    def count(self) -> int:
        """How many there are, or soon will be."""
        return len(self.idle) + len(self.busy) + self.starting

    def end(self) -> None:
        """End all of them."""
        if self.pid != os.getpid():
            return  # we are a fork, and they our parent's
        with self.lock:
            self.is_closed = True
            idle, self.idle = self.idle, []
            busy = list(self.busy)
        for child in busy:
            child.kill()  # whoever waits for it hears of that, and sees to the rest
        for child in idle:
            child.hang_up()
        for child in idle:
            child.end()


@define(eq=False, kw_only=True)
class Children:
    """Lends out children. One is started when it is needed, or by `warm_up`."""

    pickled_tools: bytes  # `Tools`, to build the engine in each child anew
    limits: Limits
    size: int = field(validator=validators.ge(1))
    name: str
    _slots: threading.BoundedSemaphore = field(init=False)
    _kept: _Kept = field(init=False)
    _finalizer: "weakref.finalize[[], Children]" = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Begin with none."""
        self._begin()

    def _begin(self) -> None:
        self._slots = threading.BoundedSemaphore(self.size)
        self._kept = _Kept()
        self._finalizer = weakref.finalize(self, self._kept.end)  # at the latest at the interpreter's end

    @contextmanager
    def one(self) -> Iterator[Child]:
        """Lend a child, to this thread alone. Waiting for a free one takes no longer than a piece of work may.

        Raises:
            UpscalerUnavailable: all are busy and stay so, or none can be started.
        """
        if self._kept.pid != os.getpid():
            self._begin()  # we are a fork: our parent's children aren't ours
        slots, kept = self._slots, self._kept
        if not slots.acquire(timeout=self.limits.wall_time.total_seconds()):
            _log.warning("all children for %s are busy", self.name)
            raise UpscalerUnavailable
        try:
            child = self._taken(kept)
            try:
                yield child
            finally:
                _put_back(kept, child)
        finally:
            slots.release()

    def warm_up(self) -> None:
        """Start the children in the background, one after another, so that no work need wait for that."""
        threading.Thread(target=self._warm_up, name=f"children for {self.name}", daemon=True).start()

    def close(self) -> None:
        """End the children: those at work at once, the others in order. Nobody is lent any more."""
        self._finalizer()

    @property
    def pids(self) -> frozenset[int]:
        """The children that are there."""
        with self._kept.lock:
            return frozenset(child.pid for child in [*self._kept.idle, *self._kept.busy])

    def _taken(self, kept: _Kept) -> Child:
        while (child := _pop_idle(kept)) is not None:
            if child.is_alive:
                return child
            child.end()  # it died while it had nothing to do
            with kept.lock:
                kept.busy.discard(child)
        return self._started(kept)

    def _started(self, kept: _Kept) -> Child:
        with kept.lock:
            _check_open(kept)
            kept.starting += 1
        try:
            child = Child.start(self.pickled_tools, limits=self.limits)
        except Exception as error:
            _log.warning("no child for %s can be started: %s", self.name, error)
            raise UpscalerUnavailable from error
        finally:
            with kept.lock:
                kept.starting -= 1
        with kept.lock:
            kept.busy.add(child)
        if kept.is_closed:
            _put_back(kept, child)
            raise UpscalerUnavailable
        return child

    def _warm_up(self) -> None:
        slots, kept = self._slots, self._kept
        with contextlib.suppress(UpscalerUnavailable):  # it was logged, and the first work will meet it again
            while kept.count < self.size and slots.acquire(blocking=False):
                try:
                    _put_back(kept, self._started(kept))
                finally:
                    slots.release()


def _pop_idle(kept: _Kept) -> Child | None:
    with kept.lock:
        _check_open(kept)
        if not kept.idle:
            return None
        child = kept.idle.pop()  # the one that worked last: its memory is warm, and the others' can be swapped out
        kept.busy.add(child)
        return child


def _put_back(kept: _Kept, child: Child) -> None:
    with kept.lock:
        kept.busy.discard(child)
        if child.is_idle and not child.is_worn and child.works < WORKS_MAX and not kept.is_closed:
            kept.idle.append(child)
            return
    child.end()


def _check_open(kept: _Kept) -> None:
    if kept.is_closed:
        raise UpscalerUnavailable
