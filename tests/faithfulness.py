"""Measure whether an enhanced picture still shows its original, pixel by pixel; independent of the code under test.

A result, reduced to the original's size by a box filter, is its original. Where the original has detail at the Nyquist
limit (checkerboards and modules of 1 px), plain resampling loses contrast too. So a pixel is broken when it differs
both from the original and from what Lanczos, as the reference, gives there.
"""

from typing import Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from PIL import Image

DIFFERENCE_MAX: Final = 48  # of 255, in any channel
BLOCK_PX: Final = 32
_BACKGROUNDS: Final = (0, 255)  # black and white: what transparent pixels are seen on

Mask = NDArray[np.bool_]


@frozen(kw_only=True)
class Faithfulness:
    """How much of a picture differs by more than `DIFFERENCE_MAX`."""

    share: float  # of all pixels
    block_share: float  # of the pixels of the worst block of 32x32
    largest: float  # difference of a channel, of 255

    def __str__(self) -> str:
        """Show the figures as the tables do."""
        return f"{self.share:.2%} of the pixels, {self.block_share:.1%} of a block, by up to {self.largest:.0f}"


def off(result: Image.Image, original: Image.Image) -> Faithfulness:
    """Compare a result of any size with the original alone: what a check can know without a reference."""
    return _judged(_differences(result, original))


def broken(result: Image.Image, original: Image.Image) -> Faithfulness:
    """Compare a result of any size with the original and with Lanczos to the same size; the smaller difference counts.

    Alpha is composited on black and on white; the larger difference counts.
    """
    return _judged(broken_by(result, original))


def broken_by(result: Image.Image, original: Image.Image) -> NDArray[np.float64]:
    """Return each pixel's difference as `broken` counts it, of 255, in the original's size."""
    reference = original.resize(result.size, Image.Resampling.LANCZOS)
    return np.minimum(_differences(result, original), _differences(result, original, through=reference))


def reduced(pixels: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """Return the exact mean over each pixel's area, of pixels in any larger size, fractions of pixels included.

    Pillow's BOX takes whole pixels by their centers, so at factors such as 1.6 it repeats some and is no mean.
    """
    return _along(_along(pixels, 0, size[1]), 1, size[0])


def _along(pixels: NDArray[np.float64], axis: int, count: int) -> NDArray[np.float64]:
    lines = np.moveaxis(pixels, axis, 0)
    sums = np.concatenate([np.zeros_like(lines[:1]), np.cumsum(lines, axis=0)])
    edges = np.arange(count + 1) * (len(lines) / count)
    whole = np.minimum(edges.astype(np.intp), len(lines) - 1)
    part = (edges - whole).reshape(-1, *[1] * (lines.ndim - 1))
    at_edges = sums[whole] + part * lines[whole]
    return np.moveaxis(np.diff(at_edges, axis=0) * (count / len(lines)), 0, axis)


def _differences(
    result: Image.Image, original: Image.Image, *, through: Image.Image | None = None
) -> NDArray[np.float64]:
    """Return the largest difference of a channel for each pixel, on the background that shows it most."""
    expected = original if through is None else through
    return np.max(
        [
            np.abs(
                reduced(_on(background, result), original.size) - reduced(_on(background, expected), original.size)
            ).max(axis=2)
            for background in _BACKGROUNDS
        ],
        axis=0,
    )


def _on(background: int, picture: Image.Image) -> NDArray[np.float64]:
    pixels = np.asarray(picture.convert("RGBA"), dtype=np.float64)
    opacity = pixels[..., 3:] / 255
    seen: NDArray[np.float64] = pixels[..., :3] * opacity + background * (1 - opacity)
    return seen


def _judged(differences: NDArray[np.float64]) -> Faithfulness:
    far = differences > DIFFERENCE_MAX
    return Faithfulness(share=float(far.mean()), block_share=_worst_block(far), largest=float(differences.max()))


def _worst_block(far: Mask) -> float:
    starts = [
        sorted({min(start, max(0, side - BLOCK_PX)) for start in range(0, side, BLOCK_PX // 2)}) for side in far.shape
    ]
    return max(
        float(far[top : top + BLOCK_PX, left : left + BLOCK_PX].mean()) for top in starts[0] for left in starts[1]
    )
