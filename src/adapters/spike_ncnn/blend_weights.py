"""Which networks work on a picture, and how much each counts, by what was measured of it.

A share is a smooth function of the measurements: the softmax of sums that were fitted on photographs made worse in
known ways (docs/decisions/0027). Smooth, because a measurement is never quite right: where it can't tell texture from
noise, the mean of both answers loses little whichever is true.
"""

from collections.abc import Collection, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from spike_ncnn.compression import UNCOMPRESSED
from spike_ncnn.degradation import Degradation
from spike_ncnn.fitted import NAMES, SUMS

LANCZOS: Final = "lanczos"  # no network, and no cost
SHARE_MIN: Final = 0.08  # less isn't worth a network's time
_CLEAN: Final = "span"  # the network whose share is the larger the cleaner a picture is
_CLEAN_X4: Final = "span-x4"  # and its like for four times
_CLEAN_SHARE: Final = 0.85
_SMOOTH: Final = "waifu2x-3"  # takes out noise and traces of compression, and fine texture
_SMOOTH_SHARE: Final = 0.75
_AGAIN: Final = "waifu2x-0"
_ALL: Final = (*NAMES, _CLEAN_X4)


def recipe(judgement: Degradation, *, factor: int, available: Collection[str] = _ALL) -> Mapping[str, float]:
    """Return the networks to use for `factor`, 2 or 4, by name, with their shares, which sum to 1.

    For 4 it is either the network for four times alone, or what makes the picture twice as large; for what follows see
    `second_pass`. Of networks that aren't `available` the others take the shares.
    """
    present = [number for number, name in enumerate(NAMES) if name in available or name == LANCZOS]
    shares = _softmax((features(judgement) @ np.asarray(SUMS, dtype=np.float64))[present])
    shares[shares < SHARE_MIN] = 0
    shares /= shares.sum()
    mixed = {NAMES[number]: float(share) for number, share in zip(present, shares, strict=True) if share}
    if factor > 2 and _CLEAN_X4 in available and mixed.get(_CLEAN, 0.0) >= _CLEAN_SHARE:  # noqa: PLR2004  # twice
        return {_CLEAN_X4: 1.0}
    return mixed


def second_pass(first: Mapping[str, float], *, available: Collection[str] = _ALL) -> Mapping[str, float]:
    """Return the networks that make a picture twice as large again; none where Lanczos does as well.

    The first pass has cleaned it, so there is nothing to judge; where it was smoothed, nothing is left to sharpen.
    """
    if first.get(_SMOOTH, 0.0) >= _SMOOTH_SHARE or _AGAIN not in available:
        return {}
    return {_AGAIN: 1.0}


def features(judgement: Degradation) -> NDArray[np.float64]:
    """Return what the sums are made of, the first of which is 1."""
    damage = np.log1p((UNCOMPRESSED - judgement.quality) / 5)
    noise = judgement.noise
    quiet, color, coarse = np.log1p([noise.quiet, noise.color, noise.coarse])
    return np.array([1.0, damage, damage**2 / 4, quiet, color, coarse, damage * quiet / 2])


def _softmax(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(sums - sums.max())
    shares: NDArray[np.float64] = powers / powers.sum()
    return shares
