"""A rate limiter by a clock that is set by hand."""

from datetime import datetime

from spike_core.domain.rate_limits import Allowance, RateLimit, RateLimitGroup
from spike_core.ports.clock import Clock


class MemoryLimiter:
    """Counts in a dictionary. One thread at a time."""

    def __init__(self, clock: Clock) -> None:
        """Count nothing yet."""
        self._clock = clock
        self._windows: dict[tuple[RateLimitGroup, str], tuple[datetime, int]] = {}

    def hit(self, caller: str, rate: RateLimit) -> Allowance:
        """Count one request; see the port."""
        now = self._clock.now()
        ends_at, count = self._windows.get((rate.bucket, caller), (now, 0))
        if now >= ends_at:
            ends_at, count = now + rate.window, 0
        self._windows[rate.bucket, caller] = (ends_at, count + 1)
        return Allowance(
            limit=rate.limit,
            remaining=max(0, rate.limit - count - 1),
            is_exceeded=count >= rate.limit,
            resets_at=ends_at.replace(microsecond=0),
        )
