"""Rate limits, by the library of that name."""

from spike_limits.limiter import LibraryLimiter

__all__ = ["LibraryLimiter"]
