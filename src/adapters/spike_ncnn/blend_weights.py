"""The networks for a picture and their weights in the blend, by its measured degradation.

A weight is a smooth function of the measurements: the softmax of linear sums that were fitted on photographs degraded
in known ways (docs/decisions/0027). It is smooth because measurements are uncertain: where texture and noise can't be
distinguished, the mean of both results is never far off.
"""

from collections.abc import Collection, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from spike_ncnn.compression import UNCOMPRESSED
from spike_ncnn.degradation import Degradation
from spike_ncnn.fitted import NAMES, SUMS

LANCZOS: Final = "lanczos"  # no network, at no cost
SHARE_MIN: Final = 0.08  # a network with less isn't worth its time
_CLEAN: Final = "span"  # the network whose share grows the cleaner a picture is
_CLEAN_X4: Final = "span-x4"  # its counterpart for a factor of 4
_CLEAN_SHARE: Final = 0.85
_SMOOTH: Final = "waifu2x-3"  # removes noise and compression artifacts, and fine texture with them
_SMOOTH_SHARE: Final = 0.75
_AGAIN: Final = "waifu2x-0"
_ALL: Final = (*NAMES, _CLEAN_X4)


def recipe(degradation: Degradation, *, factor: int, available: Collection[str] = _ALL) -> Mapping[str, float]:
    """Return the networks for `factor`, 2 or 4, by name, with their shares, which sum to 1.

    For 4 it is either the 4x network alone, or the networks of a first pass at 2x; for the second see `second_pass`.
    The shares of networks that aren't `available` go to the others.
    """
    present = [number for number, name in enumerate(NAMES) if name in available or name == LANCZOS]
    shares = _softmax((features(degradation) @ np.asarray(SUMS, dtype=np.float64))[present])
    shares[shares < SHARE_MIN] = 0
    shares /= shares.sum()
    mixed = {NAMES[number]: float(share) for number, share in zip(present, shares, strict=True) if share}
    if factor > 2 and _CLEAN_X4 in available and mixed.get(_CLEAN, 0.0) >= _CLEAN_SHARE:  # noqa: PLR2004  # twice
        return {_CLEAN_X4: 1.0}
    return mixed


def second_pass(first: Mapping[str, float], *, available: Collection[str] = _ALL) -> Mapping[str, float]:
    """Return the networks that double a picture a second time; none if Lanczos is as good.

    The first pass has cleaned the picture, so no measurement is needed. A picture that it smoothed has no detail left
    to sharpen.
    """
    if first.get(_SMOOTH, 0.0) >= _SMOOTH_SHARE or _AGAIN not in available:
        return {}
    return {_AGAIN: 1.0}


def features(degradation: Degradation) -> NDArray[np.float64]:
    """Return the inputs of the linear sums; the first is 1."""
    damage = np.log1p((UNCOMPRESSED - degradation.quality) / 5)
    noise = degradation.noise
    quiet, color, coarse = np.log1p([noise.quiet, noise.color, noise.coarse])
    return np.array([1.0, damage, damage**2 / 4, quiet, color, coarse, damage * quiet / 2])


def _softmax(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(sums - sums.max())
    shares: NDArray[np.float64] = powers / powers.sum()
    return shares
