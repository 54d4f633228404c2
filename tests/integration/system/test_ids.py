import pytest
from cuid2 import is_cuid

from spike_contracts.ids import IdsContract
from spike_core.domain.identifiers import JobId
from spike_core.ports.ids import Ids
from spike_system import Cuid2Ids


class TestCuid2Ids(IdsContract):
    @pytest.fixture
    def ids(self) -> Ids:
        return Cuid2Ids()

    def test_bodies_are_cuid2(self, ids: Ids) -> None:
        assert all(is_cuid(ids.new(JobId).text.removeprefix(JobId.prefix)) for _ in range(100))

    def test_two_sources_do_not_draw_the_same(self) -> None:
        one, other = Cuid2Ids(), Cuid2Ids()
        assert {one.new(JobId) for _ in range(100)}.isdisjoint({other.new(JobId) for _ in range(100)})
