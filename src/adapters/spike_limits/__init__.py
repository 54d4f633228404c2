"""Rate limiting with the `limits` library."""

from spike_limits.limiter import LimitsRateLimiter

__all__ = ["LimitsRateLimiter"]
