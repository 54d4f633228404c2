"""The neural engine's strength of noise reduction, and its analysis of pictures."""

import io
from typing import Final

import numpy as np
import pytest
from PIL import Image

from effort import each_value_once
from missing import do_without
from pictures import decoded, encoded, photograph
from spike_core.domain.analysis import PictureKind
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.objects import PictureFormat
from spike_core.domain.render_options import RenderOptions
from spike_core.ports.factories import EngineResources
from spike_ncnn import open_engine
from spike_ncnn.networks import SRMD
from spike_ncnn.picture_kind import kind_of
from spike_pillow import PillowProbe, classical_engine

pytestmark = each_value_once

ENGINE: Final = open_engine(means=EngineResources(cores=1, classical=classical_engine))
NOISE: Final = 12.0
SIDE_PX: Final = 64


@pytest.fixture(autouse=True)
def _with_srmd() -> None:
    if not SRMD.is_installed:
        do_without("there is no wheel of SRMD's weights for this Python and machine")


def noisy_png(picture: Image.Image, deviation: float) -> bytes:
    noise = np.random.default_rng(8).normal(0, deviation, (picture.height, picture.width, 3))
    pixels = np.clip(np.asarray(picture) + noise + 0.5, 0, 255).astype(np.uint8)
    return encoded(Image.fromarray(pixels), PictureFormat.PNG)


def enhanced(data: bytes, *, factor: int, strength: int | None) -> Image.Image:
    size = Dimensions(width_px=SIDE_PX * factor, height_px=SIDE_PX * factor)
    options = RenderOptions(format=PictureFormat.PNG, strength=strength)
    return decoded(ENGINE.upscaler.enhance(io.BytesIO(data), size=size, options=options).content)


@pytest.mark.parametrize("factor", [2, 4])
def test_each_step_of_strength_leaves_less_noise(factor: int) -> None:
    """Measured on a gray area, where all that varies is noise; 0 leaves nearly all of it."""
    data = noisy_png(Image.new("RGB", (SIDE_PX, SIDE_PX), (128, 128, 128)), NOISE)
    left = [float(np.asarray(enhanced(data, factor=factor, strength=strength)).std()) for strength in (0, 10, 20, 40)]
    assert left == sorted(left, reverse=True)
    assert left[0] > 0.7 * NOISE
    assert left[-1] < 0.25 * NOISE


def test_the_greatest_strength_on_a_clean_photograph_passes_the_result_check() -> None:
    """An order with it would else be refunded."""
    original = photograph("gravel.png", size=(SIDE_PX, SIDE_PX))
    result = enhanced(encoded(original, PictureFormat.PNG), factor=2, strength=100)
    files = [io.BytesIO(encoded(each, PictureFormat.PNG)) for each in (result, original)]
    assert PillowProbe().compare(*files).flaw == ""


@pytest.mark.parametrize(("factor", "model"), [(2, "srmd"), (4, "srmd-x4")])
def test_an_analysis_tells_what_enhancing_does(factor: int, model: str) -> None:
    data = noisy_png(photograph(size=(SIDE_PX, SIDE_PX)), NOISE)
    size = Dimensions(width_px=SIDE_PX * factor, height_px=SIDE_PX * factor)
    analysis = ENGINE.upscaler.analyze(io.BytesIO(data), size=size)
    assert analysis.noise == pytest.approx(NOISE, rel=0.15)
    assert (analysis.models, analysis.jpeg_quality, analysis.kind) == ((model,), 100, PictureKind.PHOTO)
    assert ENGINE.upscaler.enhance(io.BytesIO(data), size=size).method.startswith(f"{analysis.method}; ")


def test_text_and_drawings_are_told_from_photographs() -> None:
    page = Image.new("RGB", (96, 96), "white")
    page.paste("black", (10, 10, 60, 14))
    chart = Image.new("RGB", (96, 96), "red")
    chart.paste("blue", (0, 0, 30, 96))
    chart.paste("yellow", (48, 20, 90, 90))
    kinds = [kind_of(np.asarray(each)) for each in (page, chart, photograph(size=(96, 96)))]
    assert kinds == [PictureKind.TEXT, PictureKind.DRAWING, PictureKind.PHOTO]
