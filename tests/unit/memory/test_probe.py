"""The probe for made-up pictures."""

import pytest

from spike_contracts.probe import MakePicture, ProbeContract
from spike_core.ports.probe import ImageProbe
from spike_memory import MemoryProbe
from spike_memory.engine import a_picture


class TestMemoryProbe(ProbeContract):
    @pytest.fixture
    def probe(self) -> ImageProbe:
        return MemoryProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_picture
