"""Fidelity by pixels: bursts are detected anywhere, and correct results pass for any original."""

import functools
import io
from collections.abc import Callable
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont

from effort import IS_FULL, each_value_once, examples
from pictures import decoded, encoded, noise, photograph
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.fidelity import Comparison
from spike_core.domain.objects import PictureFormat
from spike_pillow import PillowProbe, PillowUpscaler
from spike_pillow.fidelity import compared
from spike_pillow.renderings import shift_between

pytestmark = each_value_once

PNG: Final = PictureFormat.PNG
SIDE_PX_MAX: Final = 1000
BURST_PX_MIN: Final = 24  # of the result
LANCZOS, NEAREST = Image.Resampling.LANCZOS, Image.Resampling.NEAREST


def enlarged(picture: Image.Image, factor: float) -> Image.Image:
    return picture.resize([max(1, round(side * factor)) for side in picture.size], LANCZOS)


def by_classical(picture: Image.Image, factor: float) -> Image.Image:
    size = Dimensions(width_px=max(1, round(picture.width * factor)), height_px=max(1, round(picture.height * factor)))
    return decoded(PillowUpscaler().enhance(io.BytesIO(encoded(picture, PNG)), size=size).content)


def caption() -> Image.Image:
    picture = photograph("coffee.png", size=(300, 200))
    words = ImageDraw.Draw(picture)
    words.text(
        (20, 150),
        "A cup of coffee",
        font=ImageFont.load_default(30),
        fill="yellow",
        stroke_width=2,
        stroke_fill="black",
    )
    return picture


def chart() -> Image.Image:
    picture = Image.new("RGB", (280, 200), "white")
    draw = ImageDraw.Draw(picture)
    draw.line((30, 10, 30, 180, 270, 180), fill="black")
    for index, fill in enumerate(("red", "blue", "#0a0", "magenta", "orange")):
        draw.rectangle((45 + 45 * index, 170 - 30 * index, 75 + 45 * index, 179), fill=fill)
        draw.text((45 + 45 * index, 184), f"Q{index}", fill="black")
    return picture


def pattern(of: Callable[[np.ndarray, np.ndarray], np.ndarray], side: int = 96) -> Image.Image:
    rows, columns = np.mgrid[:side, :side]
    return Image.fromarray((of(columns, rows) * 255).astype(np.uint8)).convert("RGB")


def at_random(width_px: int, height_px: int, levels: int = 256) -> Image.Image:
    values = np.random.default_rng(1).integers(0, levels, (height_px, width_px, 3)) * (255 // (levels - 1))
    return Image.fromarray(values.astype(np.uint8))


def page() -> Image.Image:
    picture = Image.new("RGB", (240, 160), "white")
    draw = ImageDraw.Draw(picture)
    for line, (paper, ink) in enumerate(
        [("white", "black"), ("#204080", "yellow"), ("blue", "red"), ("magenta", "lime")]
    ):
        draw.rectangle((0, 40 * line, 240, 40 * line + 40), fill=paper)
        for row, size in enumerate((8, 10, 13)):
            draw.text(
                (2, 40 * line + 12 * row),
                "The quick brown fox jumps 0123456789",
                font=ImageFont.load_default(size),
                fill=ink,
            )
    return picture


def noisy(deviation: float) -> Image.Image:
    clean = np.asarray(photograph("chelsea.png", size=(240, 160)), dtype=float)
    grain = np.random.default_rng(2).normal(0, deviation, clean.shape)
    return Image.fromarray(np.clip(clean + grain, 0, 255).astype(np.uint8))


def peppered() -> Image.Image:
    pixels = np.asarray(photograph("astronaut.png", size=(240, 240))).copy()
    chance = np.random.default_rng(3).random(pixels.shape[:2])
    pixels[chance < 0.03], pixels[chance > 0.97] = 0, 255
    return Image.fromarray(pixels)


ORIGINALS: Final[dict[str, Callable[[], Image.Image]]] = {
    "photograph": lambda: photograph("rocket.jpg", size=(240, 160)),
    "caption": caption,
    "chart": chart,
    "page": page,
    "checkerboard": lambda: pattern(lambda x, y: (x + y) % 2),
    "stripes": lambda: pattern(lambda x, _: x % 2),
    "dots": lambda: pattern(lambda x, y: (x % 3 == 0) & (y % 3 == 0)),
    "rings": lambda: pattern(lambda x, y: np.cos((x**2 + y**2) / 60) / 2 + 0.5),
    "halftone": lambda: photograph("coffee.png", size=(240, 160)).convert("1").convert("RGB"),
    "pixel art": lambda: at_random(24, 24, levels=4),
    "QR modules": lambda: pattern(lambda x, y: (x * 7 + y * 13 + x * y) % 5 < 2, 33),
    "random": lambda: at_random(90, 60),
    "saturated noise": lambda: at_random(90, 60, levels=2),
    "noise 15": lambda: noisy(15),
    "noise 40": lambda: noisy(40),
    "salt and pepper": peppered,
    "one row": lambda: at_random(2000, 1),
    "one column": lambda: at_random(1, 40),
    "one pixel": lambda: at_random(1, 1),
    "tiny": lambda: at_random(5, 7),
}


@pytest.mark.parametrize("factor", [0.3, 0.7, 1.0, 1.2, 2.0, 3.7, 8.0, 20.0])
@pytest.mark.parametrize("name", ORIGINALS)
def test_resampling_is_faithful_to_anything(name: str, factor: float) -> None:
    original = ORIGINALS[name]()
    factor = min(factor, SIDE_PX_MAX / max(original.size))
    assert compared(enlarged(original, factor), original).flaw == ""
    assert compared(by_classical(original, min(factor, 4.0)), original).flaw == ""


@functools.cache
def with_texture(side_px: int) -> np.ndarray:
    return np.random.default_rng(4).normal(0, 14, (side_px, side_px, 1))


STRONGER: Final[dict[str, Callable[[Image.Image], Image.Image]]] = {
    "more contrast": lambda picture: ImageEnhance.Contrast(picture).enhance(1.1),
    "a little brighter": lambda picture: picture.point(lambda value: min(255, value + 10)),
    "warmer": lambda picture: picture.point([min(255, value + 9) for value in range(256)] + list(range(256)) * 2),
    "sharper": lambda picture: picture.filter(ImageFilter.UnsharpMask(2, 100, 2)),
    "invented texture": lambda picture: Image.fromarray(
        np.clip(np.asarray(picture) + with_texture(640)[: picture.height, : picture.width], 0, 255).astype(np.uint8)
    ),
    "compressed": lambda picture: decoded(encoded(picture, quality=70)),
    "half an original pixel off": lambda picture: Image.fromarray(
        np.pad(np.asarray(picture), ((1, 0), (1, 0), (0, 0)), "edge")
    ),
}


@pytest.mark.parametrize("name", ["photograph", "caption", "chart", "page", "noise 15"])
@pytest.mark.parametrize("change", STRONGER)
def test_what_stronger_engines_do_is_faithful(change: str, name: str) -> None:
    original = ORIGINALS[name]()
    result = STRONGER[change](enlarged(original, 2)).crop((0, 0, 2 * original.width, 2 * original.height))
    assert compared(result, original).flaw == ""


@pytest.mark.parametrize("name", ["noise 15", "noise 40", "salt and pepper"])
@pytest.mark.parametrize("factor", [0.6, 1.0, 2.0, 4.0])
def test_a_denoised_picture_is_faithful_and_a_burst_in_it_is_noticed(name: str, factor: float) -> None:
    original = ORIGINALS[name]()
    filters = ImageFilter.MedianFilter(3), ImageFilter.GaussianBlur(1.0)
    denoised = enlarged(functools.reduce(Image.Image.filter, filters, original), factor)
    assert compared(denoised, original).flaw == ""
    denoised.paste(noise(BURST_PX_MIN, seed=5), (40, 30))
    assert compared(denoised, original).flaw


@pytest.mark.parametrize("quality", [10, 40])
def test_blocks_that_are_smoothed_away_are_no_loss(quality: int) -> None:
    original = decoded(encoded(photograph("motorcycle_left.png", size=(300, 200)), quality=quality))
    assert compared(enlarged(original.filter(ImageFilter.GaussianBlur(1.2)), 2), original).flaw == ""


BACKGROUNDS: Final = ("photograph", "caption", "chart", "page")


@settings(max_examples=examples(60), deadline=None)
@given(
    name=st.sampled_from(BACKGROUNDS),
    factor=st.sampled_from([0.5, 1.0, 1.3, 2.0, 3.0, 4.0, 8.0]),
    across=st.floats(0, 1),
    down=st.floats(0, 1),
    side_px=st.integers(BURST_PX_MIN, 80),
    seed=st.integers(0, 99),
)
def test_a_burst_is_noticed_wherever_it_is(
    name: str, factor: float, across: float, down: float, side_px: int, seed: int
) -> None:
    """The grid of mean colors detected none of them."""
    original = ORIGINALS[name]()
    result = enlarged(original, factor)
    place = (round(across * (result.width - side_px)), round(down * (result.height - side_px)))
    result.paste(noise(side_px, seed=seed), place)
    assert compared(result, original).flaw


@settings(max_examples=6 if IS_FULL else 3, deadline=None)
@given(across=st.floats(0, 1), down=st.floats(0, 1), is_original_larger=st.booleans())
def test_a_burst_is_noticed_in_a_large_picture(across: float, down: float, *, is_original_larger: bool) -> None:
    """It covers a fifteen-thousandth of nine megapixels."""
    result = _large().copy()
    result.paste(noise(BURST_PX_MIN, seed=6), (round(across * 2976), round(down * 2976)))
    original = _larger() if is_original_larger else _large()
    assert compared(result, original).flaw


@functools.cache
def _large() -> Image.Image:
    return photograph("astronaut.png").resize((3000, 3000), LANCZOS)


@functools.cache
def _larger() -> Image.Image:
    return photograph("astronaut.png").resize((3600, 3600), LANCZOS)


@pytest.mark.parametrize("seed", range(6 if IS_FULL else 2))
def test_a_burst_of_half_that_size_at_the_letters_of_a_large_picture_is_noticed(seed: int) -> None:
    original = photograph("astronaut.png").resize((1200, 800), LANCZOS)
    ImageDraw.Draw(original).text(
        (80, 600), "A caption", font=ImageFont.load_default(60), fill="yellow", stroke_width=3, stroke_fill="black"
    )
    result = enlarged(original, 2)
    assert compared(result, original).flaw == ""
    result.paste(noise(12, seed=seed), (180 + 60 * seed, 1230 + 8 * seed))
    assert compared(result, original).flaw


@pytest.mark.parametrize(("across", "down"), [(0.5, 0.5), (-0.5, 0.0), (0.0, 0.25), (0.0, 0.0)])
def test_a_shift_is_measured_within_a_tenth_of_a_pixel(across: float, down: float) -> None:
    original = photograph("chelsea.png", size=(240, 160))
    box = (-across, -down, 240 - across, 160 - down)
    moved = original.transform(original.size, Image.Transform.EXTENT, box, Image.Resampling.BILINEAR)
    shift = shift_between(moved, original)
    assert abs(shift.across - across) < 0.1
    assert abs(shift.down - down) < 0.1
    assert bool(shift) is bool(across or down)


def test_flat_bursts_are_noticed_too() -> None:
    """A network that diverges also produces flat, saturated spots, in which neighbors don't differ."""
    original = chart()
    result = enlarged(original, 2)
    result.paste("cyan", (200, 40, 224, 64))
    assert compared(result, original).flaw


@pytest.mark.parametrize("shift_px", [8, 30])
def test_a_tile_at_the_wrong_place_is_noticed(shift_px: int) -> None:
    original = photograph("astronaut.png")
    result = original.copy()
    result.paste(original.crop((128 + shift_px, 128, 256 + shift_px, 256)), (128, 128))
    assert compared(result, original).flaw


def test_letters_that_were_left_out_are_noticed() -> None:
    original = caption()
    without = photograph("coffee.png", size=(300, 200))
    assert compared(enlarged(without, 2), original).flaw


def cut_out() -> Image.Image:
    picture = photograph("coffee.png", size=(240, 160)).convert("RGBA")
    mask = Image.new("L", picture.size)
    ImageDraw.Draw(mask).ellipse((30, 20, 200, 140), fill=255)
    picture.putalpha(mask)
    return picture


def test_hidden_colors_do_not_count() -> None:
    original, result = cut_out(), cut_out()
    result.paste((255, 0, 255, 0), (0, 0, 20, 160))
    assert compared(enlarged(result, 2), original).flaw == ""
    result.paste((255, 0, 255, 255), (0, 0, 24, 24))
    assert compared(enlarged(result, 2), original).flaw


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_alpha_counts_like_a_color(factor: float) -> None:
    original = cut_out()
    result = enlarged(original, factor)
    assert compared(result, original).flaw == ""
    assert compared(result.convert("RGB"), original).flaw
    result.putalpha(result.getchannel("A").filter(ImageFilter.MaxFilter(31)))
    assert compared(result, original).flaw


def test_an_opaque_result_is_faithful_to_an_original_whose_alpha_hides_nothing() -> None:
    original = photograph(size=(120, 80)).convert("RGBA")
    assert compared(enlarged(original.convert("RGB"), 2), original).flaw == ""


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_compared_as_they_are_seen(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    original = encoded(photograph(size=(120, 80)), exif=exif.tobytes())
    size = Dimensions(width_px=120, height_px=80) if orientation < 5 else Dimensions(width_px=80, height_px=120)
    result = PillowUpscaler().enhance(io.BytesIO(original), size=size.scaled_to(300)).content
    assert by_probe(result, original).flaw == ""


def by_probe(result: bytes, original: bytes) -> Comparison:
    return PillowProbe().compare(io.BytesIO(result), io.BytesIO(original))


def test_a_large_jpeg_is_reduced_while_it_is_decoded() -> None:
    original = encoded(_larger())
    comparison = by_probe(encoded(_larger().resize((900, 900), LANCZOS)), original)
    assert (comparison.size, comparison.flaw) == (Dimensions(width_px=900, height_px=900), "")
