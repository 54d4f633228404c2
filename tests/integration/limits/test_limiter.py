"""Rate limits in this process's memory, by the library."""

import threading
from datetime import timedelta
from typing import NoReturn

import pytest
from limits.storage import MemoryStorage

from spike_contracts.limiter import RATE, ConcurrentLimiterContract, Wait
from spike_core.domain.errors import LimiterUnavailable
from spike_core.ports.clock import Clock
from spike_core.ports.limiter import RateLimiter
from spike_limits import LimitsRateLimiter
from spike_limits.plugin import open_memory
from spike_system import SystemClock


class TestLibraryLimiter(ConcurrentLimiterContract):
    @pytest.fixture
    def clock(self) -> Clock:
        return SystemClock()

    @pytest.fixture
    def limiter(self) -> RateLimiter:
        return open_memory("memory://")

    @pytest.fixture
    def wait(self) -> Wait:
        """Wait in real time, since the library uses the machine's clock."""

        def wait(time: timedelta) -> None:
            threading.Event().wait(time.total_seconds())

        return wait

    @pytest.fixture
    def lost_limiter(self) -> RateLimiter:
        return LimitsRateLimiter(BrokenStorage())


class BrokenStorage(MemoryStorage):
    """A store that always fails."""

    def incr(self, key: str, expiry: float, amount: int = 1) -> NoReturn:
        raise ValueError(f"{key} {expiry} {amount}")


def test_a_storage_that_fails_is_told_in_our_words() -> None:
    with pytest.raises(LimiterUnavailable):
        LimitsRateLimiter(BrokenStorage()).hit("ada", RATE)
