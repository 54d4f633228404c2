import pytest

from spike_contracts.broker import BrokerContract
from spike_memory import MemoryBroker


class TestMemoryBroker(BrokerContract):
    @pytest.fixture
    def broker(self) -> MemoryBroker:
        return MemoryBroker()
