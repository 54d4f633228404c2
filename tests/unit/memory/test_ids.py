import pytest

from spike_contracts.ids import IdsContract
from spike_core.ports.ids import Ids
from spike_memory import CountingIds


class TestCountingIds(IdsContract):
    @pytest.fixture
    def ids(self) -> Ids:
        return CountingIds()
