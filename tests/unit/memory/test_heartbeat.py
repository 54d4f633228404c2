from collections.abc import Callable

import pytest

from spike_contracts.heartbeat import HeartbeatContract
from spike_memory import NoopHeartbeat


class TestStillPulse(HeartbeatContract):
    @pytest.fixture
    def heartbeat(self) -> NoopHeartbeat:
        return NoopHeartbeat()

    @pytest.fixture
    def strike(self, heartbeat: NoopHeartbeat) -> Callable[[], None]:
        return heartbeat.strike
