"""The framer for made-up pictures."""

import pytest

from spike_contracts.canvas_fitter import CanvasFitterContract
from spike_contracts.probe import MakePicture
from spike_core.ports.canvas_fitter import CanvasFitter
from spike_core.ports.probe import ImageProbe
from spike_memory import MemoryCanvasFitter, MemoryProbe
from spike_memory.engine import a_picture


class TestMemoryFramer(CanvasFitterContract):
    @pytest.fixture
    def canvas_fitter(self) -> CanvasFitter:
        return MemoryCanvasFitter()

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return MemoryProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_picture
