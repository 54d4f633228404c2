"""Renditions of real pictures."""

import io

import pytest
from PIL import Image, ImageStat

from effort import each_value_once
from pictures import a_photo
from spike_contracts.probe import MakePicture
from spike_contracts.rendition_maker import RenditionMakerContract
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.objects import PictureFormat
from spike_core.ports.probe import ImageProbe
from spike_core.ports.rendition_maker import RenditionMaker
from spike_pillow import PillowProbe, PillowRenditionMaker

pytestmark = each_value_once


class TestPillowRenditionMaker(RenditionMakerContract):
    @pytest.fixture
    def rendition_maker(self) -> RenditionMaker:
        return PillowRenditionMaker()

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return PillowProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_photo


def test_renditions_carry_no_metadata() -> None:
    made = PillowRenditionMaker().make(
        io.BytesIO(a_photo(Dimensions(width_px=900, height_px=600), PictureFormat.JPEG, "profiled"))
    )
    assert made.preview is not None
    for content in (made.thumbnail, made.preview):
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.info.keys() & {"exif", "icc_profile", "xmp", "comment"} == set()


def test_a_card_shows_the_original_left_the_result_right_and_no_hidden_color() -> None:
    original, result = Image.new("RGB", (900, 600), "red"), Image.new("RGBA", (600, 900), (0, 255, 0, 0))
    files = io.BytesIO(), io.BytesIO()
    for picture, file in zip((original, result), files, strict=True):
        picture.save(file, "WEBP", lossless=True, exact=True)
        file.seek(0)
    with Image.open(io.BytesIO(PillowRenditionMaker().make_card(*files))) as card:
        assert card.info.keys() & {"exif", "icc_profile", "xmp", "comment"} == set()
        pixels = [card.getpixel((x, 40)) for x in (300, 900)]
        named = [ImageStat.Stat(card.crop((x, 500, x + 300, 630)).convert("L")).extrema[0] for x in (0, 602)]
    red, white = ([round(value / 16) for value in pixel] for pixel in pixels)  # type: ignore[union-attr]
    assert (red, white) == ([16, 0, 0], [16, 16, 16])
    assert all(darkest < 80 and brightest > 240 for darkest, brightest in named)


def test_hidden_colors_dont_bleed_into_edges() -> None:
    """A red disc on transparent green: no rendition has a green pixel that can be seen."""
    picture = Image.new("RGBA", (1700, 1700), (0, 255, 0, 0))
    picture.paste((255, 0, 0, 255), (300, 300, 1300, 1300))
    out = io.BytesIO()
    picture.save(out, "PNG")
    out.seek(0)
    made = PillowRenditionMaker().make(out)
    with Image.open(io.BytesIO(made.thumbnail)) as thumbnail:
        assert thumbnail.mode == "RGBA"
        on_black = Image.alpha_composite(Image.new("RGBA", thumbnail.size, "black"), thumbnail)
        assert ImageStat.Stat(on_black).extrema[1][1] < 24
