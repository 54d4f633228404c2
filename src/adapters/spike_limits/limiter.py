"""The rate limiter over a storage of `limits`: this process's memory, or a server."""

import threading
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage, Storage

from spike_core.domain.errors import LimiterUnavailable
from spike_core.domain.rate_limits import Allowance, RateLimit

_SECOND = timedelta(seconds=1)


class LimitsRateLimiter:
    """Counts requests in fixed windows."""

    def __init__(self, storage: Storage) -> None:
        """Count in `storage`."""
        self._storage = storage
        # the memory storage reads its counter again after releasing its lock
        self._lock: AbstractContextManager[object] = (
            threading.Lock() if isinstance(storage, MemoryStorage) else nullcontext()
        )

    def hit(self, caller: str, rate: RateLimit) -> Allowance:
        """Count one request; see the port."""
        item = RateLimitItemPerSecond(rate.limit, max(1, rate.window // _SECOND), namespace="spike")
        key = item.key_for(rate.bucket.value, caller)
        try:
            with self._lock:
                # as the library's fixed window does, which however reads the count again after others may have raised
                # it
                count = self._storage.incr(key, item.get_expiry())
                resets_at_s = self._storage.get_expiry(key)
        except self._storage.base_exceptions as error:
            raise LimiterUnavailable from error
        return Allowance(
            limit=rate.limit,
            remaining=max(0, rate.limit - count),
            is_exceeded=count > rate.limit,
            resets_at=datetime.fromtimestamp(-(-resets_at_s // 1), tz=UTC),
        )
