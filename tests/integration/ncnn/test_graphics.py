"""The neural engine on logos, screenshots and charts: the result still shows its original, at every factor.

Alone, each of its networks breaks some of these: SPAN up to all of their pixels (docs/reference/engine.md).
"""

import io

import numpy as np
import pytest
from PIL import Image

import graphic_drawings
from effort import each_value_once
from faithfulness import broken
from graphics import GRAPHICS, HARDEST, Graphic
from pictures import decoded, photograph
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.objects import PictureFormat
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.ports.factories import EngineResources
from spike_ncnn import open_engine
from spike_ncnn.networks import NETWORKS
from spike_ncnn.runner import Runner
from spike_ncnn.tiles import Tile
from spike_pillow import classical_engine
from spike_pillow.fidelity import compared

ENGINE = open_engine(means=EngineResources(cores=1, classical=classical_engine))


def enhanced(graphic: Graphic, *, factor: float, options: RenderOptions = DEFAULT_OPTIONS) -> tuple[Image.Image, str]:
    """Return the result and its method."""
    width, height = graphic.picture.size
    size = Dimensions(width_px=round(width * factor), height_px=round(height * factor))
    made = ENGINE.upscaler.enhance(io.BytesIO(graphic.data), size=size, options=options)
    return decoded(made.content), made.method


@each_value_once
@pytest.mark.parametrize("factor", [2.0, 4.0, 1.6])
@pytest.mark.parametrize("name", HARDEST)
def test_a_graphic_is_still_itself(name: str, factor: float) -> None:
    result, method = enhanced(HARDEST[name], factor=factor)
    found = broken(result, *HARDEST[name].shown)
    assert found.is_kept, f"{found}, by {method}"


def test_no_specks_of_other_colors_are_left_within_an_original_pixel() -> None:
    """Specks vanish when reduced; each color may be between magenta and green, but not both in one pixel."""
    result, method = enhanced(HARDEST["text 28 magenta on green"], factor=4)
    red, green, blue = np.moveaxis(np.asarray(result.convert("RGB")).astype(np.int16), 2, 0)
    strange = np.maximum.reduce([abs(red + green - 255), abs(green + blue - 255), abs(red - blue)])
    assert strange.max() < 150, method


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("text 12 black on white", "span-x4"),
        ("QR code of 4 px", "span-x4"),
        ("checkerboard of 1 px", "span"),
        ("text 16 magenta on green", "waifu2x-3"),
    ],
)
def test_what_a_network_breaks_alone_is_refused(name: str, network: str) -> None:
    """The range of surrounding colors doesn't reveal it, since it contains both extremes."""
    original = GRAPHICS[name].picture.convert("RGB").crop((0, 0, 128, 96))
    pixels = np.asarray(original)
    light = Runner(threads=1).enlarged(pixels, Tile(0, 0, *pixels.shape[:2]), NETWORKS[network])
    result = Image.fromarray(np.clip(light * 255 + 0.5, 0, 255).astype(np.uint8))
    assert not broken(result, original).is_kept
    assert compared(result, original).flaw


@pytest.mark.parametrize("factor", [2.0, 1.6])
def test_a_graphic_gets_no_halos_and_its_flat_colors_stay_exactly(factor: float) -> None:
    """Networks alone would exceed the colors around by up to 121 of 255, and make several colors of each."""
    text = Graphic(lambda: graphic_drawings.text(12, (60, 60, 60), (200, 200, 200)))
    result, method = enhanced(text, factor=factor, options=RenderOptions(format=PictureFormat.PNG))
    assert "edges with half lanczos" in method
    assert all(band.getextrema() == (60, 200) for band in result.convert("RGB").split()), method
    assert "edges" not in enhanced(Graphic(lambda: photograph(size=(96, 64))), factor=factor)[1]
