"""The laws of the port, against our upscaler."""

import pytest
from spike_gentle import GentleUpscaler

from spike_contracts.pictures import draw_picture
from spike_contracts.probe import MakePicture
from spike_contracts.upscaler import UpscalerContract
from spike_core.ports.probe import ImageProbe
from spike_core.ports.upscaler import Upscaler
from spike_pillow import PillowProbe


class TestGentleUpscaler(UpscalerContract):
    @pytest.fixture
    def upscaler(self) -> Upscaler:
        return GentleUpscaler()

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return PillowProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return draw_picture
