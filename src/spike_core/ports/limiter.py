"""The rate limiter port."""

from typing import Protocol

from spike_core.domain.rate_limits import Allowance, RateLimit


class RateLimiter(Protocol):
    """Counts callers' requests in fixed windows."""

    def hit(self, caller: str, rate: RateLimit) -> Allowance:
        """Count one request, atomically, and return the remaining allowance.

        Requests beyond the limit are counted too, and never extend the window.

        Raises:
            LimiterUnavailable: the request can't be counted.
        """
