"""The neural engine's estimate of its input's degradation, on photographs that were degraded in known ways."""

import io
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from effort import each_value_once
from pictures import encoded, photograph
from spike_core.domain.objects import PictureFormat
from spike_ncnn.degradation import CLEAN, Degradation, Grain, measure
from spike_ncnn.jpeg_quality import UNCOMPRESSED, quality_of
from spike_ncnn.noise import NoiseEstimate
from spike_ncnn.pixel_arrays import Pixels

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


@pytest.mark.parametrize("deviation", [3, 5, 8, 15, 30])
@pytest.mark.parametrize("name", NAMES)
def test_white_noise_is_told_from_texture(name: str, deviation: float) -> None:
    """The deviation is that of the noise that is left after black and white have cut off a part of it."""
    clean = small(name)
    damaged = noisy(clean, deviation)
    found = measure(damaged)
    assert found.grain is Grain.WHITE
    assert found.deviation == pytest.approx(np.std(damaged - pixels(clean).astype(float)), rel=0.05, abs=0.4)


@pytest.mark.parametrize("name", NAMES)
def test_a_clean_photograph_is_found_clean(name: str) -> None:
    found = measure(pixels(small(name)))
    assert found.is_clean
    assert (found.deviation, found.cleanliness) == (0, 1)


@pytest.mark.parametrize("name", ["astronaut.png", "chelsea.png", "coffee.png"])
def test_noise_of_a_sensor_is_found_coarse(name: str) -> None:
    """Each color is measured in every second or fourth pixel, and interpolated between."""
    picture = pixels(small(name))
    rows, columns = np.indices(picture.shape[:2]) % 2
    sensor = np.random.default_rng(6).normal(0, 10, picture.shape[:2])
    planes = [sensor * (rows & columns), sensor * (rows ^ columns), sensor * (1 - (rows | columns))]
    noise = np.stack([_interpolated(planes[0]), _interpolated(planes[1]) / 2, _interpolated(planes[2])], axis=-1)
    noise[..., 1] += planes[1] / 2  # measured twice as densely: four neighbors in place of two by two
    found = measure(np.clip(picture + noise + 0.5, 0, 255).astype(np.uint8))
    assert found.grain is Grain.COARSE
    assert found.deviation == pytest.approx(float(noise.std()), rel=0.35)


def _interpolated(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    for axis in (0, 1):
        plane = plane + (np.roll(plane, 1, axis=axis) + np.roll(plane, -1, axis=axis)) / 2
    return plane


def test_noise_that_is_equal_in_all_colors_is_found() -> None:
    noise = np.random.default_rng(7).normal(0, 8, (*pixels(small()).shape[:2], 1))
    found = measure(np.clip(pixels(small()) + noise + 0.5, 0, 255).astype(np.uint8))
    assert found.grain is Grain.GRAY
    assert found.deviation == pytest.approx(8, rel=0.3)


def test_noise_in_smooth_parts_shows_through_compression() -> None:
    smooth = small().resize((256, 256), Image.Resampling.BICUBIC, box=(60, 60, 100, 100))
    noisy_jpeg = as_jpeg(Image.fromarray(noisy(smooth, 5)), 92)
    assert measure(pixels(noisy_jpeg)).has_hidden_noise
    assert not measure(pixels(as_jpeg(smooth, 92))).has_hidden_noise


def test_blocks_of_noise_are_alike_and_those_of_a_pattern_more_so() -> None:
    """However weak: a smooth picture with it, with a pattern as strong, and with neither."""
    smooth = np.linspace(60, 200, 256)[:, np.newaxis, np.newaxis] + np.zeros((256, 256, 3))
    grainy = smooth + np.random.default_rng(5).normal(0, 2, (256, 256, 1))
    woven = smooth + 2 * (np.indices((256, 256)).sum(axis=0) % 2)[..., np.newaxis]
    found = [measure((picture + 0.5).astype(np.uint8)) for picture in (smooth, grainy, woven)]
    assert [degradation.grain for degradation in found] == [Grain.NONE, Grain.GRAY, Grain.NONE]
    assert found[1].deviation == pytest.approx(2, abs=0.2)
    assert found[1].is_bare


def test_a_drawing_is_nearly_flat_and_a_textured_photograph_is_not_whatever_happened_to_them() -> None:
    rows, columns = np.indices((256, 256))
    drawn = np.where((rows - 128) ** 2 + (columns - 128) ** 2 < 90**2, 60, 200).astype(np.uint8)
    drawing = Image.fromarray(drawn).convert("RGB")
    for picture, is_smooth in ((drawing, True), (small("astronaut.png"), False)):
        light = pixels(picture) + np.random.default_rng(1).normal(0, 3, (*picture.size[::-1], 3))
        noisy = np.clip(light + 0.5, 0, 255.5).astype(np.uint8)
        for each in (pixels(picture), pixels(as_jpeg(picture, 80)), noisy):
            assert measure(each).is_smooth is is_smooth


@given(st.integers(1, 23), st.integers(1, 900))
def test_what_is_too_narrow_to_be_judged_counts_as_clean(narrow: int, length: int) -> None:
    assert measure(np.zeros((narrow, length, 3), np.uint8)) == CLEAN
    assert measure(np.zeros((length, narrow, 3), np.uint8)) == CLEAN


@pytest.mark.parametrize("value", [0, 7, 128, 255])
@pytest.mark.parametrize("shape", [(24, 24), (24, 2000), (31, 25), (700, 300)])
def test_a_blank_picture_is_clean(shape: tuple[int, int], value: int) -> None:
    degradation = measure(np.full((*shape, 3), value, np.uint8))
    assert degradation.quality == UNCOMPRESSED
    assert degradation.is_clean


def test_the_judgement_reads_as_a_sentence_would() -> None:
    noise = NoiseEstimate(fine=8.04, half=8, color=7, gray=4, spread=2, half_spread=2, contrast=40, detail=5)
    assert str(Degradation(quality=71.3, noise=noise)) == "JPEG quality about 71, white noise of 8.0 of 255"
    assert str(CLEAN) == "no JPEG traces, no noise"
    assert str(measure(pixels(as_jpeg(small(), 70)))) == "JPEG quality about 71, no noise"


def test_a_large_picture_is_judged_by_its_parts() -> None:
    """All parts are examined, and count equally."""
    large = photograph("retina.jpg")
    tile = as_jpeg(large.resize((1600, 1600), Image.Resampling.LANCZOS), 60)
    assert measure(pixels(tile)).quality == pytest.approx(60, abs=1.5)
