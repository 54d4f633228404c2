"""A pool of child processes: kept warm between tasks, replaced when they die, limited in number."""

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
from spike_sandbox.isolation import ESSENTIAL, ISOLATED, Surroundings
from spike_sandbox.limits import Limits
from spike_sandbox.process import START_MAX_S, Child

TASKS_MAX: Final = 1000  # per child; it is then replaced, because libraries leak memory

_log: Final = logging.getLogger(__name__)


@define(eq=False)
class _PoolState:
    """The pool's state, kept separate from `ChildPool` so that the latter's finalizer doesn't keep it alive."""

    pid: int = field(factory=os.getpid)
    idle: list[Child] = field(factory=list)
    busy: set[Child] = field(factory=set)
    starting: int = 0
    is_closed: bool = False
    lock: threading.Lock = field(factory=threading.Lock)

    @property
    def count(self) -> int:
        """How many children exist or are starting."""
        return len(self.idle) + len(self.busy) + self.starting

    def end(self) -> None:
        """End all children."""
        if self.pid != os.getpid():
            return  # this process is a fork; the children are its parent's
        with self.lock:
            self.is_closed = True
            idle, self.idle = self.idle, []
            busy = list(self.busy)
        for child in busy:
            child.kill()  # the thread that uses it gets an error and cleans up
        for child in idle:
            child.hang_up()
        for child in idle:
            child.end()


@define(eq=False, kw_only=True)
class ChildPool:
    """A pool that lends out children. They are started on demand, or by `warm_up`."""

    pickled_tools: bytes  # `Tools`, from which each child builds its own engine
    limits: Limits
    surroundings: Surroundings = ISOLATED
    size: int = field(validator=validators.ge(1))
    name: str
    _has_reported: bool = field(default=False, init=False)
    _slots: threading.BoundedSemaphore = field(init=False)
    _state: _PoolState = field(init=False)
    _finalizer: "weakref.finalize[[], ChildPool]" = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Start without children."""
        self._begin()

    def _begin(self) -> None:
        self._slots = threading.BoundedSemaphore(self.size)
        self._state = _PoolState()
        self._finalizer = weakref.finalize(self, self._state.end)  # at the latest when the interpreter exits

    @contextmanager
    def one(self) -> Iterator[Child]:
        """Lend a child to this thread exclusively.

        Waits for a free child as long as a task may take; and, if none is free because one is being started, for
        `START_MAX_S` more: a busy machine may take longer for a start than is allowed for a short task.

        Raises:
            UpscalerUnavailable: all children stay busy, or none can be started.
        """
        if self._state.pid != os.getpid():
            self._begin()  # this process is a fork; its parent's children can't be used
        slots, state = self._slots, self._state
        is_free = slots.acquire(timeout=self.limits.wall_time.total_seconds())
        if not is_free and not (state.starting and slots.acquire(timeout=START_MAX_S)):
            _log.warning("all children of the %s pool are busy", self.name)
            raise UpscalerUnavailable
        try:
            child = self._taken(state)
            try:
                yield child
            finally:
                _put_back(state, child)
        finally:
            slots.release()

    def warm_up(self) -> None:
        """Start the children one after another in the background, so that the first tasks needn't wait for them."""
        threading.Thread(target=self._warm_up, name=f"{self.name} pool", daemon=True).start()

    def close(self) -> None:
        """End the children, killing those at work. None are lent any more."""
        self._finalizer()

    @property
    def pids(self) -> frozenset[int]:
        """The process ids of the children."""
        with self._state.lock:
            return frozenset(child.pid for child in [*self._state.idle, *self._state.busy])

    def _taken(self, state: _PoolState) -> Child:
        while (child := _pop_idle(state)) is not None:
            if child.is_alive:
                return child
            child.end()  # it died while idle
            with state.lock:
                state.busy.discard(child)
        return self._started(state)

    def _started(self, state: _PoolState) -> Child:
        with state.lock:
            _check_open(state)
            state.starting += 1
        try:
            child = Child.start(self.pickled_tools, limits=self.limits, surroundings=self.surroundings)
        except Exception as error:
            _log.warning("a child of the %s pool can't be started: %s", self.name, error)
            raise UpscalerUnavailable from error
        finally:
            with state.lock:
                state.starting -= 1
        self._report_lacking(child)
        with state.lock:
            state.busy.add(child)
        if state.is_closed:
            _put_back(state, child)
            raise UpscalerUnavailable
        return child

    def _report_lacking(self, child: Child) -> None:
        """Log once which layers of isolation this machine refuses."""
        if child.lacking and not self._has_reported:
            self._has_reported = True
            lacking = "; ".join(f"{layer}: {why}" for layer, why in child.lacking.items())
            level = logging.WARNING if ESSENTIAL & child.lacking.keys() else logging.INFO
            _log.log(level, "children of the %s pool aren't isolated by every layer: %s", self.name, lacking)

    def _warm_up(self) -> None:
        slots, state = self._slots, self._state
        with contextlib.suppress(UpscalerUnavailable):  # already logged; the first task gets the error too
            while state.count < self.size and slots.acquire(blocking=False):
                try:
                    _put_back(state, self._started(state))
                finally:
                    slots.release()


def _pop_idle(state: _PoolState) -> Child | None:
    with state.lock:
        _check_open(state)
        if not state.idle:
            return None
        child = state.idle.pop()  # the most recently used: its memory is warm, the others' may be swapped out
        state.busy.add(child)
        return child


def _put_back(state: _PoolState, child: Child) -> None:
    with state.lock:
        state.busy.discard(child)
        if child.is_idle and not child.is_worn and child.tasks < TASKS_MAX and not state.is_closed:
            state.idle.append(child)
            return
    child.end()


def _check_open(state: _PoolState) -> None:
    if state.is_closed:
        raise UpscalerUnavailable
