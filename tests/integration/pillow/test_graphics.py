"""The classical engine on logos, screenshots and charts: the result still shows its original."""

import io

import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image

from effort import examples
from faithfulness import broken
from graphics import HARDEST
from pictures import decoded, encoded
from random_graphics import graphics
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.objects import PictureFormat
from spike_pillow import PillowUpscaler

FACTORS = (1.6, 2, 2.8, 4)


def enhanced(data: bytes, *, factor: float) -> Image.Image:
    width, height = decoded(data).size
    size = Dimensions(width_px=round(width * factor), height_px=round(height * factor))
    return decoded(PillowUpscaler().enhance(io.BytesIO(data), size=size).content)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("name", HARDEST)
def test_a_graphic_is_still_itself(name: str, factor: float) -> None:
    found = broken(enhanced(HARDEST[name].data, factor=factor), *HARDEST[name].shown)
    assert found.is_kept, str(found)


@settings(max_examples=examples(20, share=2), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graphics())
def test_any_graphic_is_still_itself(graphic: Image.Image) -> None:
    """Random shapes and words, enlarged by a non-integer factor."""
    found = broken(enhanced(encoded(graphic, PictureFormat.PNG), factor=2.3), graphic)
    assert found.is_kept, str(found)
