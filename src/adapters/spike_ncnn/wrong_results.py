"""Detection and repair of wrong results of networks.

SPAN diverges on hard edges between saturated colors: within three or four pixels of the edge its raw output reaches a
hundred times the range of colors, which clipping turns into noise. Two independent rules find such places: the raw
output leaves a range that it keeps on photographs; or the result, reduced to the size of its input by a box filter,
differs from the input. They are reprocessed on the rungs of a ladder, each of which takes what the previous one failed
to repair: with less contrast, which keeps a network within the range it was trained on; by another network; by Lanczos.
Remaining deviations are reduced by back-projection (M. Irani and S. Peleg, "Improving Resolution by Image
Registration", 1991). A replacement fades out around its place, so it has no border.

Measurements, and how the bounds were found: docs/decisions/0046.
"""

from collections.abc import Collection, Sequence
from typing import Final, Literal, Self

import numpy as np
from attrs import field, frozen, validators
from numpy.typing import NDArray

from spike_ncnn.degradation import Degradation
from spike_ncnn.jpeg_quality import UNCOMPRESSED
from spike_ncnn.networks import WAIFU2X
from spike_ncnn.pixel_arrays import Light, Pixels, Plane
from spike_ncnn.tiles import Tile

LANCZOS: Final = "lanczos"
CONTRASTS: Final = (0.4, 0.2)  # below 1, at which a network is tried again
_SINGLE_MAX: Final = 80.0
_BLURRED_MAX: Final = 48.0
_RAW: Final = (-0.3, 1.3)  # of a network's output, where 0 is black and 1 white
_REDUCED_RAW: Final = (-1.5, 2.5)  # reduced contrast makes edges overshoot, which isn't divergence
_NEAR_PX: Final = 2  # the distance of neighbors with whose colors a pixel's are compared
_BEYOND: Final = 0.55  # of the range of colors: sharpening of photographs never exceeds all neighbors by more
_BEYOND_NEAR_DIVERGED: Final = 0.15  # milder ringing counts where the network has diverged
_NEAR_DIVERGED_PX: Final = 32  # within this distance
_PAIR_BEYOND: Final = 0.5  # in the sum or difference of two colors: red or white between magenta and green exceeds it
_MARGIN: Final = np.float32(0.12)
_CORE_PX: Final = 6  # around a suspect: 1.5 times the reach of a burst
_FADE_PX: Final = 3  # half of the width in which a replacement fades out
REACH_PX: Final = _CORE_PX + 2 * _FADE_PX  # around a suspect; nothing beyond it changes
_PULLS: Final = 6

Mask = NDArray[np.bool_]  # height x width, of a network's input


@frozen(kw_only=True)
class Rung:
    """A method of processing a place: by a network or Lanczos, at a share of the picture's contrast."""

    name: str = ""  # of the network, or `LANCZOS`; empty for the original network
    contrast: float = field(default=1.0, validator=[validators.gt(0), validators.le(1)])

    def __str__(self) -> str:
        """Return the text for a result's method."""
        return f"by {self.name}" if self.name else f"at contrast {self.contrast:g}"


PLAIN: Final = Rung()


def ladder(*, scale: int, available: Collection[str]) -> Sequence[Rung]:
    """Return the rungs for a scale. Each repairs what the previous one left, and the last one everything."""
    steady = [Rung(name=WAIFU2X.name)] if WAIFU2X.name in available and scale == WAIFU2X.scale else []
    return [*(Rung(contrast=contrast) for contrast in CONTRASTS), *steady, Rung(name=LANCZOS)]


@frozen(kw_only=True)
class Tolerance:
    """The maximum difference of 255 between a good result, reduced to its input's size, and the input, in any color."""

    single: float = 48.0  # at one pixel, where a network may have removed noise
    blurred: float = 32.0  # when both are blurred over 3 pixels, which removes most noise but no burst
    beyond: float = _BEYOND  # the range of the neighbors' colors, as a share of the range of all colors

    @classmethod
    def of(cls, degradation: Degradation, *, removed: float = 0.0) -> Self:
        """Return the tolerance for a degradation, and for the deviation of the noise that a network removes.

        It grows slowly, because graphics are easily taken for noise.
        """
        lacking = UNCOMPRESSED - degradation.quality
        single = cls().single + 1.5 * max(removed, degradation.deviation) + 0.25 * lacking
        return cls(single=min(_SINGLE_MAX, single), blurred=min(_BLURRED_MAX, cls().blurred + 0.25 * lacking))


CLEAN_TOLERANCE: Final = Tolerance()
# for networks that move and invent detail, and keep to the range of colors: only divergence and a shift of colors count
VIVID_TOLERANCE: Final = Tolerance(single=255.0, blurred=96.0, beyond=1.0)


@frozen(kw_only=True, eq=False)
class Reference:
    """What a result is compared with: the pixels of a tile that it was made from, 0 to 1."""

    light: Light
    lowest: Light  # of each pixel and its neighbors within `_NEAR_PX`
    highest: Light

    @classmethod
    def of(cls, picture: Pixels, tile: Tile) -> Self:
        """Return the reference for a tile of a picture."""
        area = tile.grown(_NEAR_PX, within=picture.shape)
        planes = np.ascontiguousarray(picture[area.slices].transpose(2, 0, 1)).astype(np.float32) / np.float32(255)
        around, place = planes.transpose(1, 2, 0), tile.inside(area, scale=1)
        return cls(
            light=around[place],
            lowest=_extremes(around, np.minimum)[place],
            highest=_extremes(around, np.maximum)[place],
        )


def suspects(raw: Light, reference: Reference, *, rung: Rung, tolerance: Tolerance) -> Mask:
    """Return which pixels a network got wrong, by its raw result and its input.

    On later rungs only errors that a few back-projections can't repair count: see `repaired`.
    """
    scale = raw.shape[0] // reference.light.shape[0]
    shown: Light = np.clip(raw, 0, 1)
    difference = (_reduced(shown, scale) - reference.light) * np.float32(255)
    off = _worst(np.abs(difference))
    if rung != PLAIN:
        found: Mask = off > 2 * tolerance.single
        return (
            found | _outside(raw, scale, _REDUCED_RAW) | (_pairs_beyond(shown, reference.light, scale) > _PAIR_BEYOND)
        )
    diverged: Mask = (off > tolerance.single) | _outside(raw, scale, _RAW)
    diverged |= _worst(np.abs(_blurred(difference))) > tolerance.blurred
    above = _worst(_folded(shown, scale, np.maximum) - reference.highest)
    below = _worst(reference.lowest - _folded(shown, scale, np.minimum))
    beyond = np.maximum(above, below)
    found = diverged | (beyond > tolerance.beyond)
    if diverged.any():
        near = _box_sums(diverged.astype(np.float32), _NEAR_DIVERGED_PX, mode="constant") > 0
        found |= near & (beyond > _BEYOND_NEAR_DIVERGED)
    return found


def finite(raw: Light) -> Light:
    """Return a raw result within the range of good ones; what exceeds it is replaced anyway."""
    bounded: Light = np.clip(np.nan_to_num(raw), *_RAW)
    return bounded


def repaired(light: Light, reference: Reference, *, tolerance: Tolerance) -> Light:
    """Return a result without its certain errors, for a place that is reprocessed.

    No color exceeds its neighborhood's by more than `_MARGIN`, and pixels reduced to the input's size deviate by at
    most about half the tolerance.
    """
    scale = light.shape[0] // reference.light.shape[0]
    lowest = repeated(np.maximum(reference.lowest - _MARGIN, 0), scale)
    highest = repeated(np.minimum(reference.highest + _MARGIN, 1), scale)
    slack = np.float32(tolerance.single / 2 / 255)
    result: Light = np.clip(np.nan_to_num(light), lowest, highest)
    for _ in range(_PULLS):
        off: Light = reference.light - _reduced(result, scale)
        excess: Light = off - np.clip(off, -slack, slack)
        if not excess.any():
            break
        result = np.clip(result + repeated(excess, scale), lowest, highest)
    return result


def weights(suspected: Mask) -> Plane:
    """Return the share of each pixel that is replaced: 1 around suspects, falling to 0 at `REACH_PX` from them."""
    around = _box_sums(suspected.astype(np.float32), _CORE_PX + _FADE_PX, mode="constant") > 0
    return _box_sums(around.astype(np.float32), _FADE_PX, mode="edge") / np.float32((2 * _FADE_PX + 1) ** 2)


def repeated(plane: Plane, scale: int) -> Plane:
    """Return a plane, or colors, with each value repeated `scale` times in both directions."""
    return plane.repeat(scale, axis=0).repeat(scale, axis=1)


def _outside(raw: Light, scale: int, bounds: tuple[float, float]) -> Mask:
    """Return which pixels of the input have a raw result out of bounds or not a number."""
    height, width = raw.shape[0] // scale, raw.shape[1] // scale
    if bounds[0] <= raw.min() and raw.max() <= bounds[1]:  # false for NaN
        return np.zeros((height, width), np.bool_)
    within = ((raw >= bounds[0]) & (raw <= bounds[1])).all(axis=2)
    inside = np.asarray(within.reshape(height, scale, width, scale).all(axis=(1, 3)), np.bool_)
    return ~inside


def _pairs_beyond(shown: Light, light: Light, scale: int) -> Plane:
    """Return by how much sums and differences of two colors exceed all neighbors', per pixel of the input.

    Between magenta and green each single color may have any value, so white specks would go unnoticed.
    """
    given, wanted = _pairs(shown), _pairs(light)
    above = _folded(given, scale, np.maximum) - _extremes(wanted, np.maximum)
    below = _extremes(wanted, np.minimum) - _folded(given, scale, np.minimum)
    beyond: Plane = np.maximum(above, below).max(axis=2)
    return beyond


def _pairs(light: Light) -> Light:
    """Return the sums and differences of each pair of colors."""
    others = light[..., [1, 2, 0]]
    pairs: Light = np.concatenate([light + others, light - others], axis=2)
    return pairs


def _folded(light: Light, scale: int, fold: np.ufunc) -> Light:
    """Return one value for each square of `scale` by `scale`."""
    rows = light[::scale].copy(order="K")  # networks return one color after the other; the order is kept
    for place in range(1, scale):
        fold(rows, light[place::scale], out=rows)
    folded = rows[:, ::scale].copy(order="K")
    for place in range(1, scale):
        fold(folded, rows[:, place::scale], out=folded)
    return folded


def _worst(colors: Light) -> Plane:
    """Return the largest value of the three colors."""
    return np.maximum(np.maximum(colors[..., 0], colors[..., 1]), colors[..., 2])


def _reduced(light: Light, scale: int) -> Light:
    """Return the means of squares of `scale` by `scale`."""
    return _folded(light, scale, np.add) / np.float32(scale * scale)


def _blurred(colors: Light) -> Light:
    """Return means over 3 pixels in both directions, with the middle one weighted twice."""
    padded = np.pad(colors, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    blurred: Light = (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / np.float32(16)
    return blurred


def _extremes(light: Light, fold: np.ufunc) -> Light:
    """Return the smallest or the largest value in the square around each pixel."""
    padded = np.pad(light, ((_NEAR_PX, _NEAR_PX), (_NEAR_PX, _NEAR_PX), (0, 0)), mode="edge")
    height, width = light.shape[:2]
    rows = padded[:height].copy(order="K")
    for place in range(1, 2 * _NEAR_PX + 1):
        fold(rows, padded[place : place + height], out=rows)
    extremes = rows[:, :width].copy(order="K")
    for place in range(1, 2 * _NEAR_PX + 1):
        fold(extremes, rows[:, place : place + width], out=extremes)
    return extremes


def _box_sums(plane: Plane, radius_px: int, *, mode: Literal["constant", "edge"]) -> Plane:
    """Return the sum over the square around each pixel."""
    for axis in (0, 1):
        before = [(0, 0), (0, 0)]
        before[axis] = (radius_px + 1, radius_px)
        sums = np.cumsum(np.pad(plane, before, mode=mode), axis=axis)
        length = plane.shape[axis]
        plane = np.take(sums, np.arange(length) + 2 * radius_px + 1, axis=axis) - sums.take(
            np.arange(length), axis=axis
        )
    return plane
