"""Counting by `limits`: in this process's memory, or in whatever its storages reach."""

import threading
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage, Storage
from limits.strategies import FixedWindowRateLimiter

from spike_core.domain.errors import LimiterUnavailable
from spike_core.domain.rates import Allowance, Rate

_SECOND = timedelta(seconds=1)


class LibraryLimiter:
    """Counts in fixed windows."""

    def __init__(self, storage: Storage) -> None:
        """Count in `storage`."""
        self._storage = storage
        self._limiter = FixedWindowRateLimiter(storage)
        # the memory storage reads its counter again after it has let go of its lock
        self._turn: AbstractContextManager[object] = (
            threading.Lock() if isinstance(storage, MemoryStorage) else nullcontext()
        )

    def hit(self, caller: str, rate: Rate) -> Allowance:
        """Count one request; see the port."""
        item = RateLimitItemPerSecond(rate.limit, max(1, rate.window // _SECOND), namespace="spike")
        names = (rate.bucket.value, caller)
        try:
            with self._turn:
                is_allowed = self._limiter.hit(item, *names)
                stats = self._limiter.get_window_stats(item, *names)
        except self._storage.base_exceptions as error:
            raise LimiterUnavailable from error
        return Allowance(
            limit=rate.limit,
            remaining=max(0, stats.remaining),
            is_exceeded=not is_allowed,
            resets_at=datetime.fromtimestamp(-(-stats.reset_time // 1), tz=UTC),
        )
