"""The blender for made-up pictures."""

import pytest

from spike_contracts.blender import BlenderContract
from spike_contracts.probe import MakePicture
from spike_core.ports.blender import Blender
from spike_core.ports.probe import ImageProbe
from spike_memory import MemoryBlender, MemoryProbe
from spike_memory.engine import a_picture


class TestMemoryBlender(BlenderContract):
    @pytest.fixture
    def blender(self) -> Blender:
        return MemoryBlender()

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return MemoryProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_picture
