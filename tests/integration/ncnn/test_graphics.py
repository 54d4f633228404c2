"""The neural engine on logos, screenshots and charts: the result still shows its original, at every factor.

Alone, each of its networks breaks some of these: SPAN up to all of their pixels (docs/reference/engine.md).
"""

import io

import pytest
from PIL import Image

from faithfulness import broken
from graphics import HARDEST, Graphic
from pictures import decoded
from spike_core.domain.dimensions import Dimensions
from spike_core.ports.plugins import EngineMeans
from spike_ncnn import open_engine
from spike_pillow import classical_engine

ENGINE = open_engine(means=EngineMeans(threads=1, classical=classical_engine))


def enhanced(graphic: Graphic, *, factor: float) -> tuple[Image.Image, str]:
    """Return the result, and how it was made."""
    width, height = graphic.picture.size
    size = Dimensions(width_px=round(width * factor), height_px=round(height * factor))
    made = ENGINE.upscaler.enhance(io.BytesIO(graphic.data), size=size)
    return decoded(made.content), made.method


@pytest.mark.parametrize("factor", [1.6, 2, 4])
@pytest.mark.parametrize("name", HARDEST)
def test_a_graphic_is_still_itself(name: str, factor: float) -> None:
    result, method = enhanced(HARDEST[name], factor=factor)
    found = broken(result, *HARDEST[name].shown)
    assert found.is_kept, f"{found}, by {method}"
