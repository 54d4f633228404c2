"""The entry point `limiter.memory`."""

from limits.storage import MemoryStorage

from spike_limits.limiter import LimitsRateLimiter


def open_memory(url: str) -> LimitsRateLimiter:  # noqa: ARG001  # the URL has no options
    """Return a limiter that counts in this process; with several processes each counts separately."""
    return LimitsRateLimiter(MemoryStorage())
