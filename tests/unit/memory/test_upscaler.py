"""The upscaler for made-up pictures."""

import pytest

from spike_contracts.probe import MakePicture
from spike_contracts.upscaler import UpscalerContract
from spike_core.ports.probe import ImageProbe
from spike_core.ports.upscaler import Upscaler
from spike_memory import MemoryProbe, MemoryUpscaler
from spike_memory.engine import a_picture


class TestMemoryUpscaler(UpscalerContract):
    @pytest.fixture
    def upscaler(self) -> Upscaler:
        return MemoryUpscaler()

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return MemoryProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_picture
