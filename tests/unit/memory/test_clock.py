from datetime import timedelta

import pytest

from spike_contracts.clock import ClockContract
from spike_memory import ManualClock


class TestManualClock(ClockContract):
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    def test_time_passes_when_the_test_says_so(self, clock: ManualClock) -> None:
        start = clock.now()
        assert clock.now() == start
        clock.advance(timedelta(minutes=5))
        assert clock.now() - start == timedelta(minutes=5)

    def test_it_can_be_set_back(self, clock: ManualClock) -> None:
        start = clock.now()
        clock.advance(timedelta(minutes=-5))
        assert start - clock.now() == timedelta(minutes=5)
