"""Detection of an earlier enlargement, and its reversal, on photographs."""

import io
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

import numpy as np
import pytest
from attrs import evolve, frozen
from PIL import Image, ImageDraw, ImageFilter

from graphics import GRAPHICS
from pictures import encoded, photograph
from spike_contracts.upscaler import Listener
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.fidelity import Comparison
from spike_core.domain.objects import PictureFormat
from spike_core.ports.factories import EngineResources
from spike_ncnn import open_engine
from spike_ncnn.earlier_enlargement import reduced, size_before, source_of
from spike_ncnn.pixel_arrays import Pixels
from spike_ncnn.upscaler import NcnnUpscaler
from spike_pillow import PillowProbe, classical_engine

BICUBIC: Final = Image.Resampling.BICUBIC
Change = Callable[[Image.Image], Image.Image]


def small(name: str = "chelsea.png") -> Image.Image:
    original = photograph(name)
    return original.resize((original.width // 2, original.height // 2), BICUBIC)


def before(factor: float) -> Image.Image:
    """Return a photograph that is as large as the small one after enlargement."""
    whole = small()
    return whole.resize((round(whole.width / factor), round(whole.height / factor)), BICUBIC)


def pixels(picture: Image.Image) -> Pixels:
    return np.asarray(picture)


def twice(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width * 2, picture.height * 2), BICUBIC)


def error(first: Image.Image | Pixels, second: Image.Image) -> float:
    return float(((np.asarray(first, np.float64) - np.asarray(second, np.float64)) ** 2).mean())


def as_jpeg(quality: int) -> Change:
    return lambda picture: Image.open(io.BytesIO(encoded(picture, PictureFormat.JPEG, quality=quality)))


def captioned(picture: Image.Image) -> Image.Image:
    labeled = picture.copy()
    ImageDraw.Draw(labeled).text((picture.width // 2, picture.height // 2), "Chelsea", fill="white")
    return labeled


@pytest.mark.parametrize("factor", [1.25, 1.5, 2, 2.4, 3])
def test_a_picture_that_was_enlarged_is_reduced_to_what_it_was(factor: float) -> None:
    smaller = before(factor)
    enlarged = smaller.resize((round(smaller.width * factor), round(smaller.height * factor)), BICUBIC)
    size = size_before(pixels(enlarged))
    assert size == smaller.size
    plainly = enlarged.resize(smaller.size, BICUBIC)
    assert error(reduced(pixels(enlarged), size), smaller) < 0.2 * error(plainly, smaller)


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: picture,
        lambda picture: picture.filter(ImageFilter.GaussianBlur(1)),
        lambda picture: picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.NEAREST),
        lambda picture: picture.resize((40, 40)),
        lambda picture: Image.new("RGB", picture.size, "gray"),
        lambda _: GRAPHICS["checkerboard of 2 px, red and blue"].shown[0].convert("RGB"),
        lambda _: as_jpeg(95)(twice(GRAPHICS["text 12 black on white"].shown[0].convert("RGB"))),
        lambda picture: captioned(twice(picture)),
        as_jpeg(90),
        as_jpeg(30),
    ],
    ids=[
        "sharp",
        "blurred",
        "of squares",
        "tiny",
        "blank",
        "checkerboard",
        "enlarged text",
        "with a caption added later",
        "JPEG",
        "bad JPEG",
    ],
)
def test_a_picture_that_was_not_enlarged_is_left_as_it_is(change: Change) -> None:
    picture = pixels(change(small()))
    assert size_before(picture) is None
    assert source_of(picture).pixels is picture


def test_damage_from_before_the_enlargement_is_measured() -> None:
    """Enlarged, a JPEG has no blocks of 8 pixels any more."""
    smaller = as_jpeg(60)(before(1.5)).convert("RGB")
    enlarged = smaller.resize((round(smaller.width * 1.5), round(smaller.height * 1.5)), BICUBIC)
    degradation = source_of(pixels(enlarged)).degradation
    assert degradation.quality == pytest.approx(60, abs=3)
    assert str(degradation).endswith("enlarged 1.5 times before")


def test_a_result_has_the_detail_that_the_picture_had_before_and_says_so() -> None:
    original = photograph("astronaut.png").crop((120, 0, 312, 192))
    smaller = original.resize((64, 64), BICUBIC)
    picture = smaller.resize((96, 96), BICUBIC)
    upscaler = open_engine(means=EngineResources(cores=2, classical=classical_engine)).upscaler
    data, size = encoded(picture, PictureFormat.PNG), Dimensions(width_px=192, height_px=192)
    made = upscaler.enhance(io.BytesIO(data), size=size)
    assert made.method.endswith("enlarged 1.5 times before")
    assert made.dimensions == size
    plain = picture.resize(original.size, Image.Resampling.LANCZOS)
    assert error(Image.open(io.BytesIO(made.content)), original) < 0.75 * error(plain, original)
    analysis = upscaler.analyze(io.BytesIO(data), size=size)
    assert analysis.enlarged_by == pytest.approx(1.5)
    assert "enlarged 1.5 times before" in analysis.summary
    assert analysis.summary.endswith("Half lanczos if the result would be refused.")
    assert analysis.method.endswith("half lanczos if the result would be refused")


@pytest.mark.parametrize("change", [lambda picture: picture, as_jpeg(95)], ids=["exact", "as JPEG"])
def test_an_enlargement_by_lanczos_is_found_by_trying_the_usual_factors(change: Change) -> None:
    """It smooths rows and columns evenly, and blocks of a JPEG are mistaken for a period."""
    smaller = photograph("astronaut.png").crop((0, 0, 384, 384)).resize((96, 96), BICUBIC)
    for larger, smaller_times in [(3, 2), (3, 1)]:
        size = (96 * larger // smaller_times,) * 2
        enlarged = change(smaller.resize(size, Image.Resampling.LANCZOS)).convert("RGB")
        assert size_before(pixels(enlarged)) == (96, 96)


@frozen(kw_only=True, eq=False)
class RefusingProbe(PillowProbe):
    """Refuses the first results."""

    refused: Iterator[object]

    def compare(self, result: BinaryIO, original: BinaryIO) -> Comparison:
        found = super().compare(result, original)
        return evolve(found, mean_gap=255.0) if next(self.refused, None) else found


@pytest.mark.parametrize(
    ("refused", "method"),
    [
        (1, "enlarged 1.5 times before, half lanczos"),
        (2, "enlarged 1.5 times before, not undone"),
    ],
)
def test_what_is_made_of_undoing_an_enlargement_is_softened_then_left_if_the_check_of_results_would_refuse_it(
    refused: int, method: str
) -> None:
    """Otherwise the order would fail."""
    picture = photograph("astronaut.png").crop((120, 0, 312, 192)).resize((64, 64), BICUBIC).resize((96, 96), BICUBIC)
    data, size = io.BytesIO(encoded(picture, PictureFormat.PNG)), Dimensions(width_px=192, height_px=192)
    engine = open_engine(means=EngineResources(cores=2, classical=classical_engine)).upscaler
    listener = Listener()
    assert isinstance(engine, NcnnUpscaler)
    probe = RefusingProbe(refused=iter([True] * refused))
    made = evolve(engine, probe=probe).enhance(data, size=size, monitor=listener)
    assert made.method.endswith(method)
    assert made.method.startswith("1.00 span;") == (refused > 1), "what isn't undone is enlarged by 2 alone"
    assert listener.reports == sorted(listener.reports)
    assert listener.reports[-1] == 1.0


def test_squares_of_nearest_neighbor_are_no_interpolation() -> None:
    """Three and four times were taken for 3/2 and 4/3, of pictures that never were."""
    original = photograph().resize((120, 80), BICUBIC)
    for factor in (2, 3, 4):
        repeated = original.resize((120 * factor, 80 * factor), Image.Resampling.NEAREST)
        assert size_before(pixels(repeated)) is None
