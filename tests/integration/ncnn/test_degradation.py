"""The neural engine's estimate of its input's degradation, on photographs that were degraded in known ways."""

import io
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, JpegImagePlugin

from effort import each_value_once
from pictures import encoded, photograph
from spike_core.domain.objects import PictureFormat
from spike_ncnn.arrays import Pixels
from spike_ncnn.compression import UNCOMPRESSED, quality_of
from spike_ncnn.degradation import CLEAN, Degradation, measure
from spike_ncnn.noise import NoiseEstimate

pytestmark = each_value_once

NAMES: Final = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "ihc.png")
TABLE: Final = 0  # of luminance


def small(name: str = "chelsea.png") -> Image.Image:
    """Return a photograph at half its size, which removes the artifacts of scanners and cameras."""
    original = photograph(name)
    return original.resize((original.width // 2, original.height // 2), Image.Resampling.BICUBIC)


def pixels(picture: Image.Image) -> Pixels:
    return np.asarray(picture.convert("RGB"))


def as_jpeg(picture: Image.Image, quality: int) -> JpegImagePlugin.JpegImageFile:
    read = Image.open(io.BytesIO(encoded(picture, PictureFormat.JPEG, quality=quality)))
    assert isinstance(read, JpegImagePlugin.JpegImageFile)
    return read


def noisy(picture: Image.Image, deviation: float) -> Pixels:
    noise = np.random.default_rng(5).normal(0, deviation, pixels(picture).shape)
    return np.clip(pixels(picture) + noise + 0.5, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_that_was_never_compressed_shows_no_compression(name: str) -> None:
    assert measure(pixels(small(name))).quality == UNCOMPRESSED


@pytest.mark.parametrize("quality", [92, 90, 80, 70, 50, 30, 15])
@pytest.mark.parametrize("name", NAMES)
def test_compression_is_read_from_the_pixels_whatever_file_they_are_in(name: str, quality: int) -> None:
    """A JPEG saved as PNG loses its quantization tables, but not its artifacts."""
    assert measure(pixels(as_jpeg(small(name), quality))).quality == pytest.approx(quality, abs=1.5)


@pytest.mark.parametrize("quality", [90, 70, 40])
def test_a_cropped_jpeg_shows_its_compression_still(quality: int) -> None:
    """Its blocks then begin anywhere."""
    whole = as_jpeg(small(), quality)
    assert measure(pixels(whole.crop((3, 6, whole.width, whole.height)))).quality == pytest.approx(quality, abs=1.5)


@pytest.mark.parametrize("quality", [95, 90, 75, 50, 30])
def test_the_table_of_a_jpeg_tells_its_quality(quality: int) -> None:
    assert quality_of(as_jpeg(small(), quality).quantization[TABLE]) == pytest.approx(quality, abs=1)


def test_a_jpeg_saved_badly_and_then_well_is_as_bad_as_at_first() -> None:
    again = as_jpeg(as_jpeg(small(), 40), 98)
    assert measure(pixels(again), table=again.quantization[TABLE]).quality == pytest.approx(40, abs=5)


@pytest.mark.parametrize("deviation", [5, 8, 15])
@pytest.mark.parametrize("name", NAMES)
def test_noise_is_told_from_texture(name: str, deviation: float) -> None:
    assert measure(noisy(small(name), deviation)).noise.deviation == pytest.approx(deviation, rel=0.15)


@pytest.mark.parametrize("name", NAMES)
def test_a_clean_picture_has_little_noise(name: str) -> None:
    assert measure(pixels(small(name))).noise.deviation < 3


@given(st.integers(1, 23), st.integers(1, 900))
def test_what_is_too_narrow_to_be_judged_counts_as_clean(narrow: int, length: int) -> None:
    assert measure(np.zeros((narrow, length, 3), np.uint8)) == CLEAN
    assert measure(np.zeros((length, narrow, 3), np.uint8)) == CLEAN


@pytest.mark.parametrize("value", [0, 7, 128, 255])
@pytest.mark.parametrize("shape", [(24, 24), (24, 2000), (31, 25), (700, 300)])
def test_a_blank_picture_is_clean(shape: tuple[int, int], value: int) -> None:
    degradation = measure(np.full((*shape, 3), value, np.uint8))
    assert degradation.quality == UNCOMPRESSED
    assert degradation.noise.deviation == pytest.approx(0, abs=0.01)


def test_the_judgement_reads_as_a_sentence_would() -> None:
    degradation = Degradation(quality=71.3, noise=NoiseEstimate(quiet=0, color=8.04, coarse=0))
    assert str(degradation) == "JPEG quality about 71, noise 8.0 of 255"
    assert str(CLEAN) == "no JPEG traces, noise 0.0 of 255"
    assert str(measure(pixels(as_jpeg(small(), 70)))).startswith("JPEG quality about 71, noise ")


def test_a_large_picture_is_judged_by_its_parts() -> None:
    """All parts are examined, and count equally."""
    large = photograph("retina.jpg")
    tile = as_jpeg(large.resize((1600, 1600), Image.Resampling.LANCZOS), 60)
    assert measure(pixels(tile)).quality == pytest.approx(60, abs=1.5)
