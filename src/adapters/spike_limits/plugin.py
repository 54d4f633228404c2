"""The entry point `limiter.memory`."""

from typing import Final

from limits.storage import MemoryStorage

from spike_limits.limiter import LimitsRateLimiter

ADAPTER_API: Final = 1


def open_memory(url: str) -> LimitsRateLimiter:  # noqa: ARG001  # the URL has no options
    """Return a limiter that counts in this process; with several processes each counts separately."""
    return LimitsRateLimiter(MemoryStorage())
