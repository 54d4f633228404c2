"""What a picture mainly consists of, by its colors: photographs have thousands, and hardly two equal neighbors.

The networks are the same for all kinds: results that are wrong, as graphics cause them, are found and processed again
(docs/decisions/0046). The edges of graphics get no halos (docs/decisions/0107).
"""

from typing import Final

import numpy as np
from PIL.Image import fromarray

from spike_core.domain.analysis import PictureKind
from spike_imaging.halos import GRAPHIC_COLORS_MAX
from spike_ncnn.pixel_arrays import Pixels

_FLAT_MIN: Final = 0.5  # the share of pixels equal to their right and lower neighbors from which it is no photograph
_STRIP_ROWS: Final = 256  # at once, since a large picture's comparisons would take as much memory as the picture
_NEAR: Final = 1  # of 255: neighbors this close are equal, after lossy compression
_GROUND_MIN: Final = 0.5  # the most frequent color's share from which it is the ground of a text


def is_graphic(rgb: Pixels) -> bool:
    """Return whether half of the pixels, (height, width, 3), equal their right and lower neighbors, and colors are few.

    A photograph's neighbors are at most nearly equal, as in a sky; one of a product on white has many colors.
    """
    height, width = rgb.shape[0] - 1, rgb.shape[1] - 1
    flat = 0
    for top in range(0, height, _STRIP_ROWS):
        strip = rgb[top : top + _STRIP_ROWS + 1]
        here = strip[:-1, :-1]
        flat += int(((here == strip[1:, :-1]) & (here == strip[:-1, 1:])).all(axis=2).sum())
    is_flat = height * width > 0 and flat >= _FLAT_MIN * height * width
    return is_flat and fromarray(rgb).getcolors(GRAPHIC_COLORS_MAX) is not None


def kind_of(rgb: Pixels) -> PictureKind:
    """Return the kind of a picture, (height, width, 3) from 0 to 255."""
    levels = rgb.astype(np.int16)
    equal = (np.abs(np.diff(levels, axis=0)[:, :-1]) <= _NEAR) & (np.abs(np.diff(levels, axis=1)[:-1]) <= _NEAR)
    flat = equal.all(axis=2)
    if not flat.size or flat.mean() < _FLAT_MIN:
        return PictureKind.PHOTO
    colors = (rgb >> 4).reshape(-1, 3) @ np.array([256, 16, 1])
    return PictureKind.TEXT if np.bincount(colors).max() >= _GROUND_MIN * len(colors) else PictureKind.DRAWING
