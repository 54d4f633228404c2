"""Fit the sums by which the neural engine mixes its networks, and write them into `spike_ncnn/fitted.py`.

Every photograph of the fit is reduced twice, damaged in many ways and enlarged by every network. Of a mixture's error
only the products of the networks' errors count, so a picture becomes a matrix of four by four; these are kept in
`bench/.photographs`. Then the sums are moved downhill: the mean of the error in dB, with a penalty where a mixture is
worse than Lanczos, and a small one for sums that are large.

    python bench/fit_mixture.py [--threads 2]
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from photographs import FOLDER, Damage, Damaged, damaged, fitted_on, is_gray
from PIL import Image

from spike_ncnn import fitted
from spike_ncnn.blend_weights import LANCZOS, features
from spike_ncnn.degradation import measure
from spike_ncnn.networks import NETWORKS
from spike_ncnn.runner import Runner
from spike_ncnn.tiles import Tile

NAMES: Final = ("span", "waifu2x-0", "waifu2x-3", LANCZOS)
DAMAGES: Final = (
    *(Damage(quality=quality) for quality in (0, 95, 90, 80, 70, 50, 30, 15)),
    *(Damage(noise=noise) for noise in (1, 2, 3, 5, 8, 11, 15, 22)),
    *(Damage(noise=noise, quality=quality) for noise in (2, 4, 7, 12) for quality in (95, 85, 70, 45)),
    *(Damage(noise=-noise, quality=quality) for noise in (3, 7, 14) for quality in (0, 80)),
)
GREY_WEIGHT: Final = 0.4  # textures without colors are many in the set, and few in life
WORSE_THAN_LANCZOS: Final = 4.0  # how much more a sample counts that is so
LARGE: Final = 0.001
STEPS: Final = 2500

Array = NDArray[np.float64]


@frozen(kw_only=True)
class Samples:
    """All damaged crops: what was measured of each, the products of the networks' errors, and how much it counts."""

    features: Array  # (samples, features)
    products: Array  # (samples, names, names), as shares of Lanczos's squared error
    weights: Array  # (samples,), sums to 1


def samples(threads: int) -> Samples:
    """Return the samples, from what was kept or by running the networks."""
    runner, kept = Runner(threads=threads), FOLDER / "products"
    kept.mkdir(parents=True, exist_ok=True)
    measured, products, weights = [], [], []
    crops = fitted_on()
    families = [name.partition("/")[0] for name in crops]
    for name, crop in crops.items():
        family = name.partition("/")[0]
        for damage in DAMAGES:
            small = damaged(crop, damage, factor=2, name=name)
            measured.append(features(measure(small.pixels, table=small.table)))
            matrix = _products(runner, np.asarray(crop), small, kept / f"{name} {damage}.json".replace("/", "-"))
            products.append(matrix / matrix[-1, -1])
            weights.append((GREY_WEIGHT if is_gray(name) else 1.0) / families.count(family) ** 0.5)
    total = sum(weights)
    return Samples(features=np.array(measured), products=np.array(products), weights=np.array(weights) / total)


def fit(found: Samples) -> Array:
    """Return the sums, (features, names), by Adam (D. P. Kingma and J. Ba, 2015)."""
    middle, spread = found.features.mean(axis=0), found.features.std(axis=0)
    middle[0], spread[0] = 0, 1  # the first feature is 1 everywhere
    inputs = (found.features - middle) / spread
    sums = np.zeros((inputs.shape[1], len(NAMES)))
    mean, square = np.zeros_like(sums), np.zeros_like(sums)
    for step in range(1, STEPS + 1):
        slope = _slope(inputs, found, sums)
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        sums -= 0.03 * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-9)
    sums /= spread[:, None]
    sums[0] -= middle @ sums
    centered: Array = sums - sums.mean(axis=1, keepdims=True)
    return centered


def _slope(inputs: Array, found: Samples, sums: Array) -> Array:
    powers = inputs @ sums
    shares = np.exp(powers - powers.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    moved = np.einsum("nij,nj->ni", found.products, shares)
    errors = (shares * moved).sum(axis=1)
    in_db = 10 / np.log(10) / errors * found.weights * (1 + WORSE_THAN_LANCZOS * (np.log10(errors) > -0.01))
    by_share = 2 * moved * in_db[:, None]
    by_power = shares * (by_share - (shares * by_share).sum(axis=1, keepdims=True))
    large = 2 * LARGE * sums
    large[0] = 0
    slope: Array = inputs.T @ by_power + large
    return slope


def _products(runner: Runner, truth: NDArray[np.uint8], small: Damaged, kept: Path) -> Array:
    if kept.exists():
        return np.array(json.loads(kept.read_text()))
    whole = Tile(0, 0, *small.pixels.shape[:2])
    made = [runner.enlarged(small.pixels, whole, NETWORKS[name]) for name in NAMES if name != LANCZOS]
    size = (truth.shape[1], truth.shape[0])
    plain = Image.fromarray(small.pixels).resize(size, Image.Resampling.LANCZOS)
    made.append(np.asarray(plain).astype(np.float32) / np.float32(255))
    errors = np.stack([(each - truth / np.float32(255)).ravel() for each in made], dtype=np.float32)
    products: Array = (errors @ errors.T).astype(np.float64) / errors.shape[1]
    kept.write_text(json.dumps(products.tolist()))
    return products


def written(sums: Array) -> str:
    """Return the module that holds the sums."""
    rows: Sequence[str] = ["    (" + ", ".join(f"{value:.3f}" for value in row) + ")," for row in sums]
    return "\n".join([
        '"""Sums of the mixture: a row per feature, a column per name. Written by `bench/fit_mixture.py`."""',
        "",
        "from typing import Final",
        "",
        "NAMES: Final = (" + ", ".join(f'"{name}"' for name in NAMES) + ")",
        "SUMS: Final = (",
        *rows,
        ")",
        "",
    ])  # fmt: skip


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    text = written(fit(samples(parser.parse_args().threads)))
    Path(fitted.__file__).write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
