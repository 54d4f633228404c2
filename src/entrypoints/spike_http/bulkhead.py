"""A bulkhead: requests that wait for something scarce hold at most half of the server's threads.

What they wait for is a look at a picture in the sandbox, a download, or, in a long poll, the end of a job. The other
half answers everything else, however long the wait. A request that finds no place is refused before it has any effect.
A long poll gives its place to a request that needs one, since it can be answered at any time. Downloads, which take as
long as their clients do, leave one place to looks.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final, Self

from attrs import define, field, frozen, validators

from spike_core.domain.errors import SpikeError

RETRY_AFTER_S: Final = 1


@frozen
class ServerBusy(SpikeError):
    """As many requests wait as may; nothing was charged or stored."""

    code: ClassVar[str] = "server_busy"
    retry_after_s: int = RETRY_AFTER_S


@define(eq=False)
class Bulkhead:
    """The places of the requests that may wait at a time."""

    size: int = field(validator=validators.ge(1))
    within: "Bulkhead | None" = None  # a larger one, of which each place here is one too
    _held: Counter[str] = field(factory=Counter, init=False)  # by caller
    _polls: list[threading.Event] = field(factory=list, init=False)  # the places of long polls, oldest first
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    @classmethod
    def of_threads(cls, threads: int) -> Self:
        """Return the bulkhead of a server with so many threads."""
        return cls(max(1, threads // 2))

    def all_but_one(self) -> "Bulkhead":
        """Return a bulkhead within this one, for what may not take its last place."""
        return Bulkhead(max(1, self.size - 1), within=self)

    def place(self, caller: str) -> "Place":
        """Return a place for a request of a caller, which isn't taken yet.

        One caller gets all places but one, so that others are served while it waits.
        """
        return Place(self, caller)

    @contextmanager
    def long_poll(self) -> Iterator[threading.Event]:
        """Take a place for a long poll; the event is set when another request needs the place.

        Raises:
            ServerBusy: there is none.
        """
        is_needed = threading.Event()
        with self._lock:
            if self._taken >= self.size:
                raise ServerBusy
            self._polls.append(is_needed)
        try:
            yield is_needed
        finally:
            with self._lock:
                if is_needed in self._polls:
                    self._polls.remove(is_needed)

    def take(self, caller: str) -> None:
        """Take a place, a long poll's if there is no other.

        Raises:
            ServerBusy: there is none.
        """
        with self._lock:
            if self._held[caller] >= max(1, self.size - 1):
                raise ServerBusy
            if self._taken >= self.size:
                if not self._polls:
                    raise ServerBusy
                self._polls.pop(0).set()
            self._held[caller] += 1
        if self.within is not None:
            try:
                self.within.take(caller)
            except ServerBusy:
                self._give_back(caller)
                raise

    def give_back(self, caller: str) -> None:
        """Give a place back."""
        self._give_back(caller)
        if self.within is not None:
            self.within.give_back(caller)

    def _give_back(self, caller: str) -> None:
        with self._lock:
            self._held[caller] -= 1
            if not self._held[caller]:
                del self._held[caller]

    @property
    def _taken(self) -> int:
        return self._held.total() + len(self._polls)


@define(eq=False)
class Place:
    """One request's place; it is given back when the context ends."""

    _bulkhead: Bulkhead
    _caller: str
    _is_taken: bool = field(default=False, init=False)

    def take(self) -> None:
        """Take the place, unless this request has it already.

        Raises:
            ServerBusy: there is none.
        """
        if not self._is_taken:
            self._bulkhead.take(self._caller)
            self._is_taken = True

    def give_back(self) -> None:
        """Give the place back, if it was taken; it can be taken again."""
        if self._is_taken:
            self._bulkhead.give_back(self._caller)
            self._is_taken = False

    def __enter__(self) -> Self:
        """Take nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the place back, if it was taken."""
        self.give_back()
