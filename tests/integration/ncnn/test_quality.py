"""The neural engine compared with Lanczos, on parts of photographs that weren't used to fit its weights."""

import io
from typing import Final

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from effort import IS_FULL
from missing import do_without
from pictures import encoded, photograph
from spike_core.domain.objects import PictureFormat
from spike_core.ports.progress import UNMONITORED
from spike_ncnn.degradation import measure
from spike_ncnn.network_choice import choose
from spike_ncnn.networks import NETWORKS
from spike_ncnn.pixel_arrays import Pixels
from spike_ncnn.progress_steps import Steps
from spike_ncnn.runner import Runner
from spike_ncnn.tiled_enlargement import Enlarger

PHOTOGRAPHS: Final = ("astronaut.png", "chelsea.png", "coffee.png", "ihc.png", "motorcycle_left.png", "rocket.jpg")
PART_PX: Final = 192
DAMAGES: Final = {  # deviation of noise, quality of the JPEG, mean gain in dB of this set, a fifth less than measured
    "clean": (0, 0, 2.2),
    "noise 8": (8, 0, 1.5),
    "JPEG q90": (0, 90, 0.8),
    "JPEG q30": (0, 30, 0.6),
    "noise 8, JPEG q50": (8, 50, 0.7),
}
# a stained section, whose texture is as random as noise and is taken for it under JPEG: docs/decisions/0087
KNOWN_LOSSES_DB: Final = {("ihc.png", "JPEG q90"): -0.11}

WORST: Final = ("clean", "noise 8, JPEG q50")  # none, and each kind


@pytest.fixture(scope="module")
def enlarger() -> Enlarger:
    if not all(network.is_installed for network in NETWORKS.values()):
        do_without("the packages with the networks aren't installed")
    return Enlarger(runner=Runner(threads=2), memory_bytes=256 * 1024 * 1024)


def gain_db(enlarger: Enlarger, name: str, *, noise: float, quality: int) -> float:
    """Return the gain in PSNR of a part of a photograph over Lanczos."""
    original = photograph(name)
    left, top = (original.width - PART_PX) // 2, (original.height - PART_PX) // 2
    part = original.crop((left, top, left + PART_PX, top + PART_PX))
    small = np.asarray(part.resize((PART_PX // 2, PART_PX // 2), Image.Resampling.BICUBIC))
    if noise:
        chance = np.random.default_rng(len(name))
        small = np.clip(small + chance.normal(0, noise, small.shape) + 0.5, 0, 255).astype(np.uint8)
    table = None
    if quality:
        jpeg = encoded(Image.fromarray(small), PictureFormat.JPEG, quality=quality)
        with Image.open(io.BytesIO(jpeg)) as opened:
            assert isinstance(opened, JpegImagePlugin.JpegImageFile)
            table, small = opened.quantization[0], np.asarray(opened.convert("RGB"))
    choice = choose(measure(small, table=table), factor=2, available=enlarger.available)
    made = enlarger.enlarged(small, choice.shares, noise=choice.noise, steps=Steps(UNMONITORED, 100)).pixels
    plain = np.asarray(Image.fromarray(small).resize(part.size, Image.Resampling.LANCZOS))
    truth = np.asarray(part)
    return float(10 * np.log10(_error(plain, truth) / _error(made, truth)))


def _error(made: Pixels, truth: Pixels) -> float:
    return float(((made.astype(np.float64) - truth) ** 2).mean())


@pytest.mark.parametrize("damage", DAMAGES if IS_FULL else WORST)
def test_no_photograph_but_a_known_one_is_worse_than_by_lanczos_however_it_was_damaged(
    enlarger: Enlarger, damage: str
) -> None:
    """The engine doesn't know the damage; of a JPEG it reads the tables, as from any file."""
    noise, quality, mean_min_db = DAMAGES[damage]
    gains = {name: gain_db(enlarger, name, noise=noise, quality=quality) for name in PHOTOGRAPHS}
    losses = {(name, damage): gain for name, gain in gains.items() if gain <= 0}
    assert losses == pytest.approx({pair: db for pair, db in KNOWN_LOSSES_DB.items() if pair[1] == damage}, abs=0.02)
    assert float(np.mean(list(gains.values()))) > mean_min_db, gains
