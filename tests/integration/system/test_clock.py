import time

import pytest

from spike_contracts.clock import ClockContract
from spike_system import SystemClock


class TestSystemClock(ClockContract):
    @pytest.fixture
    def clock(self) -> SystemClock:
        return SystemClock()

    def test_it_tells_the_machines_time(self, clock: SystemClock) -> None:
        earlier = time.time() - 0.001  # a float can't tell microseconds so far from 1970
        now = clock.now().timestamp()
        assert earlier <= now <= time.time() + 0.001
