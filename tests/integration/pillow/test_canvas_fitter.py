"""Fitting real pictures to a canvas."""

import io

import pytest
from PIL import Image, ImageChops, ImageStat

from effort import each_value_once
from pictures import a_photo, decoded, encoded, photograph
from spike_contracts.canvas_fitter import CanvasFitterContract
from spike_contracts.probe import MakePicture
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.objects import PictureFormat
from spike_core.ports.canvas_fitter import CanvasFitter
from spike_core.ports.probe import ImageProbe
from spike_pillow import PillowProbe
from spike_pillow.canvas_fitter import PillowCanvasFitter

pytestmark = each_value_once

SIZE = Dimensions(width_px=480, height_px=270)
CANVAS = Dimensions(width_px=512, height_px=512)
INNER = (512, 288)


class TestPillowFramer(CanvasFitterContract):
    @pytest.fixture
    def canvas_fitter(self) -> CanvasFitter:
        return PillowCanvasFitter()

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return PillowProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_photo


def test_the_original_fills_the_canvas_one_way_and_lies_in_its_middle() -> None:
    picture = photograph(size=(SIZE.width_px, SIZE.height_px))
    original = encoded(picture, PictureFormat.PNG)
    framed = decoded(PillowCanvasFitter().frame(io.BytesIO(original), size=SIZE, canvas=CANVAS))
    top = (CANVAS.height_px - INNER[1]) // 2
    middle = framed.crop((0, top, INNER[0], top + INNER[1]))
    wanted = picture.resize(INNER, Image.Resampling.LANCZOS)
    assert max(ImageStat.Stat(ImageChops.difference(middle, wanted)).mean) < 1
    margin = framed.crop((0, 0, CANVAS.width_px, top))
    assert max(ImageStat.Stat(margin).stddev) > 5, "the margin isn't one flat color"
