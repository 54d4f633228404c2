from collections.abc import Callable

import pytest

from spike_contracts.pulse import PulseContract
from spike_memory import StillPulse


class TestStillPulse(PulseContract):
    @pytest.fixture
    def pulse(self) -> StillPulse:
        return StillPulse()

    @pytest.fixture
    def strike(self, pulse: StillPulse) -> Callable[[], None]:
        return pulse.strike
