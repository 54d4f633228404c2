"""GIFs whose frame and logical screen differ; `tests/integration/browser` compares the same with Chromium."""

import io
from typing import Final

import numpy as np
import pytest
from PIL import Image

from gifs import COLORS, FRAMES, a_gif
from pictures import encoded, photograph
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import TooManyPixels
from spike_core.domain.objects import PictureFormat
from spike_imaging.open import opened_picture
from spike_pillow import PillowMetadata, PillowProbe, PillowUpscaler

CLEAR: Final = (0, 0, 0, 0)


def shown(data: bytes) -> Image.Image:
    with opened_picture(data) as opened:
        return opened.decode().srgb()


@pytest.mark.parametrize("name", FRAMES)
def test_a_screen_is_transparent_where_its_frame_is_not(name: str) -> None:
    screen, frame, options = FRAMES[name]
    made = np.asarray(shown(a_gif(screen, frame, **options)).convert("RGBA"))
    left, top, width, height = frame
    assert made.shape[1::-1] == (max(screen[0], left + width), max(screen[1], top + height))
    within = np.zeros(made.shape[:2], bool)
    within[top : top + height, left : left + width] = True
    assert (made[~within] == CLEAR).all()
    key = options.get("key", -1)
    palette = options.get("palette", COLORS)
    for y in range(height):
        for x in range(width):
            tone = (x // 2 + y // 2) % 4
            pixel = tuple(int(value) for value in made[top + y, left + x])
            assert pixel[3] == (0 if tone == key else 255)
            assert tone == key or pixel[:3] == palette[tone]


def test_the_public_copy_shows_the_same() -> None:
    data = a_gif((20, 20), (4, 6, 8, 8))
    for original in (data, data[:-1] + b"\x21\xfe\x04here\0;", data[:-1]):
        with PillowMetadata().public(io.BytesIO(original)) as content:
            seen = content.read()
        assert np.array_equal(np.asarray(shown(seen)), np.asarray(shown(data)))


def test_an_enhanced_gif_keeps_what_is_transparent_around_its_frame() -> None:
    data = a_gif((20, 20), (4, 6, 8, 8))
    size = Dimensions(width_px=100, height_px=100)
    made = Image.open(io.BytesIO(PillowUpscaler().enhance(io.BytesIO(data), size=size).content))
    assert made.mode == "RGBA"
    alpha = np.asarray(made)[..., 3]
    assert alpha[:, :4].max() == 0
    assert alpha[45:55, 35:45].min() >= 250


@pytest.mark.parametrize(("screen", "frame"), [((12_000, 12_000), (0, 0, 8, 8)), ((8, 8), (60_000, 60_000, 8, 8))])
def test_the_screen_and_the_place_of_the_frame_are_judged(
    screen: tuple[int, int], frame: tuple[int, int, int, int]
) -> None:
    with pytest.raises(TooManyPixels):
        PillowProbe().identify(io.BytesIO(a_gif(screen, frame)))


def test_a_frame_as_large_as_its_screen_has_no_alpha() -> None:
    assert shown(encoded(photograph(size=(30, 20)), PictureFormat.GIF)).mode == "RGB"
