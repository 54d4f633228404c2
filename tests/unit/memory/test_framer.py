"""The framer for made-up pictures."""

import pytest

from spike_contracts.framer import FramerContract
from spike_contracts.probe import MakePicture
from spike_core.ports.framer import Framer
from spike_core.ports.probe import ImageProbe
from spike_memory import MemoryFramer, MemoryProbe
from spike_memory.engine import a_picture


class TestMemoryFramer(FramerContract):
    @pytest.fixture
    def framer(self) -> Framer:
        return MemoryFramer()

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return MemoryProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_picture
