"""Rate limits, by the library of that name."""

from spike_limits.limiter import LimitsRateLimiter

__all__ = ["LimitsRateLimiter"]
