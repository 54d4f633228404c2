"""The neural engine on logos, screenshots and charts: the result still shows its original, at every factor.

Alone, each of its networks breaks some of these: SPAN up to all of their pixels (docs/reference/engine.md).
"""

import io

import numpy as np
import pytest
from PIL import Image

from effort import each_value_once
from faithfulness import broken
from graphics import GRAPHICS, HARDEST, Graphic
from pictures import decoded
from spike_core.domain.dimensions import Dimensions
from spike_core.ports.factories import EngineResources
from spike_ncnn import open_engine
from spike_ncnn.networks import NETWORKS
from spike_ncnn.runner import Runner
from spike_ncnn.tiles import Tile
from spike_pillow import classical_engine
from spike_pillow.fidelity import compared

ENGINE = open_engine(means=EngineResources(cores=1, classical=classical_engine))


def enhanced(graphic: Graphic, *, factor: float) -> tuple[Image.Image, str]:
    """Return the result and its method."""
    width, height = graphic.picture.size
    size = Dimensions(width_px=round(width * factor), height_px=round(height * factor))
    made = ENGINE.upscaler.enhance(io.BytesIO(graphic.data), size=size)
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
