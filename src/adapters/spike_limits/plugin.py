"""The entry point `limiter.memory`."""

from limits.storage import MemoryStorage

from spike_limits.limiter import LimitsRateLimiter


def open_memory(url: str) -> LimitsRateLimiter:  # noqa: ARG001  # there is nothing to say in it
    """Return a limiter that counts in this process: right for one process, several count each for itself."""
    return LimitsRateLimiter(MemoryStorage())
