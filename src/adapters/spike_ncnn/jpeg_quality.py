"""Estimation of JPEG quality from the traces of compression in pixels.

A JPEG's pixels retain the lattice of their quantized coefficients: in blocks of 8 x 8 at the right phase, each
coefficient of the discrete cosine transform lies near a multiple of its quantization step, whatever file the pixels are
in now. The steps are therefore estimated from the pixels themselves, without the encoder's tables. The result is the
quality at which the standard's luminance table (ITU-T T.81, annex K.1) has steps of that size, by the scaling of the
Independent JPEG Group. A picture that was resized or rotated by other than right angles since then shows no lattice and
counts as uncompressed.
"""

import functools
from collections.abc import Sequence
from typing import Final

import numpy as np

from spike_ncnn.pixel_arrays import Plane

UNCOMPRESSED: Final = 100.0
_UNCHANGED_PERCENT: Final = 2  # at most this, all steps of a table are 1
_STANDARD: Final = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    dtype=np.float64,
)
_FREQUENCIES: Final = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (2, 1), (1, 2), (3, 0), (0, 3), (2, 2), (3, 1), (1, 3))
_STEPS: Final = np.arange(2, 97, dtype=np.float32)
_FINENESS: Final = 16  # parts of 1 in which coefficients are counted
_COUNTED_MAX: Final = 256  # larger coefficients are few, and aren't counted
_BLUR: Final = 0.3  # the spread of a coefficient caused by rounding to whole colors
_SIGNIFICANT_MIN: Final = 24  # significant coefficients of one frequency
_NEAR_ZERO: Final = 0.3  # of a step; smaller coefficients agree with every lattice
_AGREEMENT_MIN: Final = 0.5  # 1: all coefficients on the lattice, 0: randomly distributed
_AGREEING_MIN: Final = 3  # frequencies that show a lattice
_SPREAD_MAX: Final = 0.25  # of the logarithm of the scale among the frequencies
_EDGE_MAX: Final = 20.0  # of 255: a larger step between blocks belongs to the picture itself


def quality_of(table: Sequence[int]) -> float:
    """Return the quality, 1 to 100, of a luminance quantization table with 64 steps, row by row."""
    steps = np.asarray(table, dtype=np.float64).reshape(8, 8)
    return _quality(float(np.median([steps[place] / _STANDARD[place] for place in _FREQUENCIES])))


def estimate_quality(luma: Plane) -> float:
    """Estimate the quality of the last JPEG compression from a luminance plane, 0 to 255; 100 if there was none."""
    if min(luma.shape) < 4 * 8:
        return UNCOMPRESSED
    row, column = _phase(luma.T), _phase(luma)
    found = {UNCOMPRESSED} | {_lattice_quality(luma[r:, c:]) for r, c in {(0, 0), (row, column)}}
    return min(found)


def _quality(scale: float) -> float:
    """Return the quality whose table is `scale` times the standard's, by the Independent JPEG Group's rule."""
    percent = 100 * scale
    if percent <= _UNCHANGED_PERCENT:
        return UNCOMPRESSED - percent / 2
    return max(1.0, 5000 / percent if percent > 100 else (200 - percent) / 2)  # noqa: PLR2004  # the rule's threshold


def _phase(plane: Plane) -> int:
    """Return the column at which blocks start: every eighth column with the largest steps between neighbors."""
    steps = np.abs(3 * (plane[:, 1:-2] - plane[:, 2:-1]) - plane[:, :-3] + plane[:, 3:])
    means = np.minimum(steps, _EDGE_MAX).mean(axis=0)
    strength = [float(means[start::8].mean()) for start in range(8)]
    return (int(np.argmax(strength)) + 2) % 8


def _lattice_quality(luma: Plane) -> float:
    rows, columns = zip(*_FREQUENCIES, strict=True)
    steps = _steps(np.abs(_cosine_blocks(luma)[:, rows, columns].T))
    logs = [float(np.log(step / _STANDARD[place])) for step, place in zip(steps, _FREQUENCIES, strict=True) if step]
    if len(logs) < _AGREEING_MIN:
        return UNCOMPRESSED
    middle = float(np.median(logs))
    if sum(abs(each - middle) <= _SPREAD_MAX for each in logs) * 2 < len(logs):
        return UNCOMPRESSED
    return _quality(float(np.exp(middle)))


def _steps(sizes: Plane) -> Sequence[float]:
    """Return the quantization step that the coefficients of each frequency show, given by size; 0 for none."""
    places = np.minimum(np.rint(sizes * np.float32(_FINENESS)).astype(np.int32), _FINENESS * _COUNTED_MAX)
    counts = np.stack([np.bincount(each, minlength=_FINENESS * _COUNTED_MAX + 1)[:-1] for each in places])
    agreeing, significant = _lattices()
    count = (counts := counts.astype(np.float32)) @ significant
    expected = np.exp(-2 * (np.pi * _BLUR / _STEPS) ** 2)
    agreements = np.where(count >= _SIGNIFICANT_MIN, counts @ agreeing / (np.maximum(count, 1) * expected), 0)
    return [  # the largest that agrees; its fractions agree, too
        float(_STEPS[np.flatnonzero(each >= 0.85 * each.max())[-1]]) if each.max() >= _AGREEMENT_MIN else 0.0
        for each in agreements
    ]


@functools.cache
def _lattices() -> tuple[Plane, Plane]:
    """Return how coefficients agree with each step, and which are significant for it, by size: those near 0 aren't."""
    sizes = np.arange(_FINENESS * _COUNTED_MAX, dtype=np.float32)[:, np.newaxis] / _FINENESS
    significant = (sizes > _NEAR_ZERO * _STEPS).astype(np.float32)
    agreeing: Plane = np.cos((2 * np.pi) * sizes / _STEPS).astype(np.float32) * significant
    return agreeing, significant


def _cosine_blocks(luma: Plane) -> Plane:
    """Return the cosine transform of each block, (blocks, 8, 8), orthonormal."""
    height, width = (side // 8 * 8 for side in luma.shape)
    blocks = luma[:height, :width].reshape(height // 8, 8, width // 8, 8).swapaxes(1, 2).reshape(-1, 8, 8)
    place = np.arange(8)
    basis = np.cos((2 * place + 1) * place[:, None] * (np.pi / 16)) / 2
    basis[0] /= np.sqrt(2)
    matrix = basis.astype(np.float32)
    transformed: Plane = matrix @ (blocks - np.float32(128)) @ matrix.T
    return transformed
