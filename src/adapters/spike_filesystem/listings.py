"""What is left of listings that somebody is going through, page by page."""

import threading
from datetime import datetime, timedelta
from typing import Final

from spike_core.domain.objects import ObjectKey

LISTING_AGE_MAX: Final = timedelta(minutes=1)  # between two pages; who comes later finds a new listing
_LISTINGS_MAX: Final = 4  # a sweep, an audit, and room


class Listings:
    """Rests of listings, each kept under the last key that was shown of it. Threads may share them."""

    def __init__(self) -> None:
        """Keep none yet."""
        self._rests: dict[ObjectKey, tuple[datetime, list[str]]] = {}
        self._lock = threading.Lock()

    def taken(self, behind: ObjectKey | None, *, now: datetime) -> list[str] | None:
        """Hand out what is left behind this key, once; nothing where there is no listing, or an old one."""
        with self._lock:
            self._rests = {
                key: (kept_at, rest)
                for key, (kept_at, rest) in self._rests.items()
                if abs(now - kept_at) <= LISTING_AGE_MAX
            }
            if behind is None or behind not in self._rests:
                return None
            return self._rests.pop(behind)[1]

    def keep(self, rest: list[str], *, behind: ObjectKey, now: datetime) -> None:
        """Keep what is left; of too many the oldest is dropped."""
        with self._lock:
            self._rests[behind] = (now, rest)
            while len(self._rests) > _LISTINGS_MAX:
                del self._rests[next(iter(self._rests))]
