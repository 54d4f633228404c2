"""Fidelity: whether an enhancement, reduced to its original's size, is its original.

How the numbers are measured, and what sound and broken results have: docs/decisions/0047.
"""

from typing import Final

from attrs import field, frozen, validators

from spike_core.domain.color_grid import CELL_GAP_MAX, MEAN_GAP_MAX, TINY_MEAN_GAP_MAX
from spike_core.domain.dimensions import Dimensions

STRAY_SHARE_MAX: Final = 0.02
STRAY_SHARE_LOCAL_MAX: Final = 0.08
CHANGED_SHARE_MAX: Final = 0.03
CHANGED_SHARE_LOCAL_MAX: Final = 0.25
OFF_SHARE_MAX: Final = 0.004
OFF_SHARE_LOCAL_MAX: Final = 0.1
ROUGHNESS_EXCESS_MAX: Final = 40.0  # of 255
TINY_SHARE_MAX: Final = 0.5  # of pixels that are stray or changed, where each counts much
_TINY_SIDE_PX: Final = 16
_CELLS_SIDE_PX_MIN: Final = 32  # eight pixels a cell: resampling mixes the colors of neighbors

_SHARE = (validators.ge(0.0), validators.le(1.0))


@frozen(kw_only=True)
class Shares:
    """A share of a picture's pixels, from 0 to 1: of all, and in the window of about 32 result pixels with the most."""

    overall: float = field(validator=_SHARE)
    local: float = field(validator=_SHARE)


@frozen(kw_only=True)
class Comparison:
    """How a result differs from its original, both brought to the smaller of their sizes; colors times alpha.

    Differences are of 255, in the channel that differs most. Pixels are compared with their neighbors mixed in, so
    that structures of single pixels, which resampling flattens, count for nothing; allowances grow with the
    original's noise.
    """

    size: Dimensions  # at which the two were compared
    result_is_blank: bool  # no pixel of the result differs from another by what one could see
    original_is_blank: bool  # nothing in the original is so distinct that a result would have to show it
    stray: Shares  # pixels of a color that is not around there in the original
    changed: Shares  # pixels of another luminance than the original's
    off: Shares  # pixels that no sharpened, resampled, smeared or slightly moved original has there, none smoothed
    roughness_excess: float  # the difference between neighboring result pixels beyond what the original has there
    mean_gap: float = field(validator=validators.ge(0.0))  # of the whole picture's mean color
    cell_gap: float = field(validator=validators.ge(0.0))  # of the mean color of one of 4 x 4 parts

    @property
    def flaw(self) -> str:
        """What is wrong with the result, in a sentence with the measured numbers; empty where it is faithful."""
        if self.result_is_blank and not self.original_is_blank:
            return "it is blank"
        shortest_px = min(self.size.sides_px)
        gap_max = TINY_MEAN_GAP_MAX if shortest_px < _TINY_SIDE_PX else MEAN_GAP_MAX
        if self.mean_gap > gap_max:
            return f"its mean color is off by {self.mean_gap:.0f} of 255, {gap_max:.0f} allowed"
        if shortest_px >= _CELLS_SIDE_PX_MIN and self.cell_gap > CELL_GAP_MAX:
            return f"the mean color of a part is off by {self.cell_gap:.0f} of 255, {CELL_GAP_MAX:.0f} allowed"
        return self._flaw_of_pixels(is_tiny=shortest_px < _TINY_SIDE_PX)

    def _flaw_of_pixels(self, *, is_tiny: bool) -> str:
        if self.roughness_excess > ROUGHNESS_EXCESS_MAX:
            excess = f"neighboring pixels differ by {self.roughness_excess:.0f} of 255 more than the original's"
            return f"it has noise of its own: somewhere {excess}, {ROUGHNESS_EXCESS_MAX:.0f} allowed"
        if is_tiny:
            stray = _exceeded(self.stray, TINY_SHARE_MAX, local_max=1.0)
            changed = _exceeded(self.changed, TINY_SHARE_MAX, local_max=1.0)
            off = _exceeded(self.off, TINY_SHARE_MAX, local_max=1.0)
        else:
            stray = _exceeded(self.stray, STRAY_SHARE_MAX, local_max=STRAY_SHARE_LOCAL_MAX)
            changed = _exceeded(self.changed, CHANGED_SHARE_MAX, local_max=CHANGED_SHARE_LOCAL_MAX)
            off = _exceeded(self.off, OFF_SHARE_MAX, local_max=OFF_SHARE_LOCAL_MAX)
        if stray:
            return f"it has colors that its original has nowhere near: {stray}"
        if changed:
            return f"it has lost what its original shows: {changed}"
        return off and f"it shows something else than its original: {off}"


def _exceeded(shares: Shares, overall_max: float, *, local_max: float) -> str:
    """Return which bound is exceeded by how much; empty where none is."""
    if shares.overall > overall_max:
        return f"{shares.overall:.1%} of its pixels, {100 * overall_max:.2g}% allowed"
    if shares.local > local_max:
        return f"{shares.local:.0%} of the pixels in one place, {local_max:.0%} allowed"
    return ""
