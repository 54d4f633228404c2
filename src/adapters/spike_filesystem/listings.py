"""Names in order, of which few are held at once; and walks through them that somebody has begun, page by page."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from spike_core.domain.objects import ObjectKey

LISTING_AGE_MAX: Final = timedelta(minutes=1)  # between two pages; who comes later begins a new walk
_WALKS_MAX: Final = 4  # a sweep, an audit, and room


class ListingCursor:
    """Goes through names in order, a portion at a time: what lies behind it is looked for when it is reached."""

    def __init__(self, portion: Callable[[str, int], list[str]], *, behind: str, held_max: int) -> None:
        """Begin behind a name. `portion` returns the first names behind one, so many of them, in descending order."""
        self._portion = portion
        self._last = behind
        self._held_max = held_max
        self._held: list[str] = []
        self._is_last_portion = False

    def __iter__(self) -> Iterator[str]:
        """Yield the names; who breaks off goes on where the walk is."""
        while self._held or not self._is_last_portion:
            if not self._held:
                self._held = self._portion(self._last, self._held_max)
                self._is_last_portion = len(self._held) < self._held_max
            if self._held:
                self._last = self._held.pop()
                yield self._last

    @property
    def has_more(self) -> bool:
        """Whether there is more, as far as can be told without looking."""
        return bool(self._held) or not self._is_last_portion


class ListingCursors:
    """Walks, each kept under the last key that was shown of it. Threads may share them."""

    def __init__(self) -> None:
        """Keep none yet."""
        self._kept: dict[ObjectKey, tuple[datetime, ListingCursor]] = {}
        self._lock = threading.Lock()

    def taken(self, behind: ObjectKey | None, *, now: datetime) -> ListingCursor | None:
        """Hand out the walk that has come to this key, once; nothing where there is none, or an old one."""
        with self._lock:
            self._kept = {
                key: (kept_at, walk)
                for key, (kept_at, walk) in self._kept.items()
                if abs(now - kept_at) <= LISTING_AGE_MAX
            }
            if behind is None or behind not in self._kept:
                return None
            return self._kept.pop(behind)[1]

    def keep(self, walk: ListingCursor, *, behind: ObjectKey, now: datetime) -> None:
        """Keep a walk; of too many the oldest is dropped."""
        with self._lock:
            self._kept[behind] = (now, walk)
            while len(self._kept) > _WALKS_MAX:
                del self._kept[next(iter(self._kept))]
