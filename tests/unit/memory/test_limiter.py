"""The rate limiter by a clock that is set by hand."""

import pytest

from spike_contracts.limiter import LimiterContract, Wait
from spike_core.ports.limiter import RateLimiter
from spike_memory import ManualClock, MemoryLimiter


class TestMemoryLimiter(LimiterContract):
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    @pytest.fixture
    def limiter(self, clock: ManualClock) -> RateLimiter:
        return MemoryLimiter(clock)

    @pytest.fixture
    def wait(self, clock: ManualClock) -> Wait:
        return clock.advance
