"""The check of what an engine made, on photographs: what ours makes passes, what a broken one makes doesn't."""

import io
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageOps

from pictures import CHELSEA, PHOTOGRAPHS, decoded, encoded, flawed, photograph
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.images import PictureFacts
from spike_core.domain.objects import PictureFormat
from spike_pillow import PillowProbe, PillowUpscaler

SIDES: Final = st.integers(1, 90)


def facts_of(data: bytes) -> PictureFacts:
    return PillowProbe().inspect(io.BytesIO(data))


def enhanced(data: bytes, size: Dimensions) -> bytes:
    return PillowUpscaler().enhance(io.BytesIO(data), size=size).content


def at_random(width_px: int, height_px: int, seed: bytes, mode: str) -> Image.Image:
    """Return a picture without any order, of the strongest contrast: no engine moves means by more."""
    count = width_px * height_px * len(mode)
    bits = int.from_bytes((seed or b"x") * (count // (8 * max(1, len(seed))) + 1))
    return Image.frombytes(mode, (width_px, height_px), bytes(255 * (bits >> index & 1) for index in range(count)))


@given(
    width_px=SIDES,
    height_px=SIDES,
    longest_side_px=st.sampled_from([16, 64, 200, 640]),
    seed=st.binary(min_size=1, max_size=24),
    mode=st.sampled_from(["L", "RGB", "RGBA"]),
    format_=st.sampled_from([PictureFormat.PNG, PictureFormat.WEBP, PictureFormat.TIFF]),
)
@example(width_px=3, height_px=90, longest_side_px=640, seed=b"\x11", mode="L", format_=PictureFormat.PNG)
@example(width_px=33, height_px=40, longest_side_px=640, seed=b"\x42\x08", mode="RGB", format_=PictureFormat.PNG)
def test_the_classical_engine_passes_whatever_it_is_given(
    width_px: int, height_px: int, longest_side_px: int, seed: bytes, mode: str, format_: PictureFormat
) -> None:
    data = encoded(at_random(width_px, height_px, seed, mode), format_)
    original = facts_of(data)
    assert facts_of(enhanced(data, original.dimensions.scaled_to(longest_side_px))).may_be(original)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("longest_side_px", [64, 300, 1024, 2048])
def test_the_classical_engine_keeps_the_colours_of_photographs_far_within_the_bounds(
    name: str, longest_side_px: int
) -> None:
    data = encoded(photograph(name))
    original = facts_of(data)
    result = facts_of(enhanced(data, original.dimensions.scaled_to(longest_side_px)))
    assert result.colours.mean.gap_to(original.colours.mean) < 3
    assert result.may_be(original)


def _rolled(picture: Image.Image) -> Image.Image:
    return ImageChops.offset(picture, picture.width // 2, 0)


BROKEN: Final[dict[str, Callable[[Image.Image], Image.Image]]] = {
    "dark": lambda picture: flawed(picture, "dark"),
    "black but for a line": lambda picture: ImageOps.expand(Image.new("RGB", picture.size), 2, (255, 255, 255)),
    "tinted": lambda picture: flawed(picture, "tinted"),
    "with red and blue exchanged": lambda picture: Image.merge("RGB", picture.split()[::-1]),
    "half": lambda picture: flawed(picture, "half"),
    "a quarter": lambda picture: ImageOps.pad(picture.crop((0, 0, picture.width // 2, picture.height // 2)), (9, 9)),
    "negative": ImageOps.invert,
    "too bright": lambda picture: picture.point(lambda value: min(255, value * 2)),
}


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("name", [CHELSEA, "astronaut.png", "coffee.png"])
def test_what_a_broken_engine_makes_is_told(name: str, fault: str) -> None:
    data = encoded(photograph(name))
    original = facts_of(data)
    size = original.dimensions.scaled_to(700)
    right = decoded(enhanced(data, size))
    wrong = BROKEN[fault](right).resize(right.size)
    assert facts_of(encoded(right)).may_be(original)
    assert not facts_of(encoded(wrong)).may_be(original)


@pytest.mark.parametrize("fault", [Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM])
def test_a_picture_that_was_turned_is_told(fault: Image.Transpose) -> None:
    """Where its parts differ, as they do in most."""
    data = encoded(photograph("rocket.jpg"))
    assert not facts_of(encoded(photograph("rocket.jpg").transpose(fault))).may_be(facts_of(data))


def test_tiles_at_the_wrong_place_are_told() -> None:
    data = encoded(photograph("astronaut.png"))
    assert not facts_of(encoded(_rolled(photograph("astronaut.png")))).may_be(facts_of(data))


def test_alpha_that_was_lost_is_told() -> None:
    picture = photograph().convert("RGBA")
    picture.paste((255, 255, 255, 0), (0, 0, 200, 200))
    original = facts_of(encoded(picture, PictureFormat.PNG))
    assert not facts_of(encoded(picture.convert("RGB"), PictureFormat.PNG)).may_be(original)
