"""The rate limiter port."""

from typing import Protocol

from spike_core.domain.rate_limits import Allowance, RateLimit


class RateLimiter(Protocol):
    """Counts requests of callers, in windows of fixed length."""

    def hit(self, caller: str, rate: RateLimit) -> Allowance:
        """Count one request and return what is left; atomic, however many ask at once.

        Requests beyond the limit are counted too, and never prolong the window.

        Raises:
            LimiterUnavailable: nothing can be counted now.
        """
