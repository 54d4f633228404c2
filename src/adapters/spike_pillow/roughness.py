"""Roughness: the mean difference between neighboring pixels, by blocks of a result.

Enlarging spreads the same steps over more pixels, so a result is smoother than its original, while noise made by an
engine is rougher than anything in it. Roughness is measured at the result's own size, since reducing the result would
average it away.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image, Resampling
from PIL.ImageChops import difference

BLOCK_PX: Final = 8  # of the result; the smallest burst to detect contains two by two blocks
_SHARPENING: Final = 1.5  # the factor by which a result may be sharper than its original's sharpest place nearby
_STRIP_PIXELS: Final = 1 << 20
_MARGIN_PX: Final = 2


def roughness_excess(result: Image, original: Image) -> float:
    """Return by how much the result is too rough, of 255, in two by two blocks.

    `original` is no larger than the result. Not positive if nothing is wrong, and 0 for results smaller than two
    blocks.
    """
    blocks = (result.width // BLOCK_PX, result.height // BLOCK_PX)
    if min(blocks) < 2:  # noqa: PLR2004  # blocks per side
        return 0.0
    scale = (original.width / result.width, original.height / result.height)
    excess: NDArray[np.float32] = _of_blocks(result, blocks, (1.0, 1.0)) - np.float32(
        _SHARPENING * max(scale)
    ) * _around(_of_blocks(original, blocks, scale))
    worst = excess.max(axis=2)
    worst = np.minimum(worst[:-1], worst[1:])
    return float(np.minimum(worst[:, :-1], worst[:, 1:]).max())


def _of_blocks(picture: Image, blocks: tuple[int, int], scale: tuple[float, float]) -> NDArray[np.float32]:
    """Return the roughness of the parts of a picture that become blocks when it is enlarged by 1/scale."""
    across, down = blocks
    roughness = np.empty((down, across, len(picture.getbands())), dtype=np.float32)
    width, height = across * BLOCK_PX * scale[0], BLOCK_PX * scale[1]
    rows_at_once = max(1, int(_STRIP_PIXELS / (picture.width * height)))
    for first in range(0, down, rows_at_once):
        last = min(down, first + rows_at_once)
        top = max(0, int(first * height) - _MARGIN_PX)
        strip = picture.crop((0, top, picture.width, min(picture.height, int(last * height) + 1 + _MARGIN_PX)))
        box = (0.0, first * height - top, min(width, strip.width), min(last * height - top, strip.height))
        roughness[first:last] = _steps(strip, box, (across, last - first))
    return roughness


def _steps(strip: Image, box: tuple[float, float, float, float], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return the mean of horizontal and vertical differences."""
    steps = np.zeros((size[1], size[0], len(strip.getbands())), dtype=np.float32)
    is_whole = box[2:] == (size[0] * BLOCK_PX, box[1] + size[1] * BLOCK_PX) and box[1].is_integer()
    width, height = strip.size
    for left, top in ((1, 0), (0, 1)):
        if strip.size[top] == 1:
            continue
        step = difference(strip.crop((0, 0, width - left, height - top)), strip.crop((left, top, width, height)))
        within = (box[0], box[1], min(box[2], step.width), min(box[3], step.height))
        if is_whole:
            means = step.reduce(BLOCK_PX, box=(int(within[0]), int(within[1]), int(within[2]), int(within[3])))
        else:
            means = step.resize(size, Resampling.BILINEAR, box=within)
        steps += np.asarray(means, dtype=np.float32)
    steps /= 2
    return steps


def _around(roughness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the maximum of a block and its eight neighbors."""
    height, width = roughness.shape[:2]
    padded = np.pad(roughness, ((1, 1), (1, 1), (0, 0)), mode="edge")
    around = [padded[top : top + height, left : left + width] for top in range(3) for left in range(3)]
    most: NDArray[np.float32] = np.maximum.reduce(around)
    return most
