"""Sorted listings in bounded memory, and a cache of unfinished ones, which continue page by page."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from spike_core.domain.objects import ObjectKey

LISTING_AGE_MAX: Final = timedelta(minutes=1)  # between two pages; later the listing starts anew
_LISTINGS_MAX: Final = 4  # a sweep, an audit, and two to spare


class ListingCursor:
    """Iterates over sorted names in batches; a batch is read when the previous one is consumed."""

    def __init__(self, batch: Callable[[str, int], list[str]], *, after: str, held_max: int) -> None:
        """Start after a name. `batch` returns the first names after a name, up to a count, in descending order."""
        self._batch = batch
        self._last = after
        self._held_max = held_max
        self._held: list[str] = []
        self._is_last_batch = False

    def __iter__(self) -> Iterator[str]:
        """Yield the remaining names. Iteration may be interrupted and continued."""
        while self._held or not self._is_last_batch:
            if not self._held:
                self._held = self._batch(self._last, self._held_max)
                self._is_last_batch = len(self._held) < self._held_max
            if self._held:
                self._last = self._held.pop()
                yield self._last

    @property
    def has_more(self) -> bool:
        """Whether there may be more names. A last batch that was full counts as a yes."""
        return bool(self._held) or not self._is_last_batch


class ListingCursors:
    """Unfinished listings by the last key returned from each. Thread-safe."""

    def __init__(self) -> None:
        """Start empty."""
        self._kept: dict[ObjectKey, tuple[datetime, ListingCursor]] = {}
        self._lock = threading.Lock()

    def take(self, after: ObjectKey | None, *, now: datetime) -> ListingCursor | None:
        """Remove and return the listing at this key, or `None` if there is none, or only an expired one."""
        with self._lock:
            self._kept = {
                key: (kept_at, listing)
                for key, (kept_at, listing) in self._kept.items()
                if abs(now - kept_at) <= LISTING_AGE_MAX
            }
            if after is None or after not in self._kept:
                return None
            return self._kept.pop(after)[1]

    def keep(self, listing: ListingCursor, *, after: ObjectKey, now: datetime) -> None:
        """Store a listing; beyond the maximum the oldest is dropped."""
        with self._lock:
            self._kept[after] = (now, listing)
            while len(self._kept) > _LISTINGS_MAX:
                del self._kept[next(iter(self._kept))]
