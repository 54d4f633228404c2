"""Measure whether an enhanced picture still shows its original, pixel by pixel, independently of the code under test.

A correct result, reduced to the original's size by a box filter, equals the original. Where the original has detail at
the Nyquist limit (checkerboards and modules of 1 px), plain resampling loses contrast too. So a pixel is broken when it
differs both from the original and from the result of Lanczos, the reference.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from PIL import Image

DIFFERENCE_MAX: Final = 48  # of 255, in any channel
BLOCK_PX: Final = 32
# The tolerated shares of broken pixels. Good results have none; diverged ones begin at 0.2 % and 3 %
# (docs/reference/engine.md).
SHARE_MAX: Final = 0.001  # of all pixels
BLOCK_SHARE_MAX: Final = 0.05  # of the worst block

Values = NDArray[np.float32]


@frozen(kw_only=True)
class Faithfulness:
    """The shares of a picture that differ by more than `DIFFERENCE_MAX`."""

    share: float  # of all pixels
    block_share: float  # of the pixels of the worst block of 32x32
    largest: float  # difference of a channel, of 255

    @property
    def is_kept(self) -> bool:
        """Whether the result still shows its original."""
        return self.share <= SHARE_MAX and self.block_share <= BLOCK_SHARE_MAX

    def __str__(self) -> str:
        """Return the figures as in the tables."""
        return f"{self.share:.2%} of the pixels, {self.block_share:.1%} of a block, by up to {self.largest:.0f}"


def broken(result: Image.Image, original: Image.Image, *others: Image.Image) -> Faithfulness:
    """Compare a result of any size with the original and with Lanczos to the same size; the smaller difference counts.

    `others` are also acceptable results, such as the picture before compression: a network may undo the bleeding
    of halved chroma, which is no flaw. Alpha is composited on black and on white; the larger difference counts.
    """
    return validated(differences(result, original, *others))


def off(result: Image.Image, original: Image.Image) -> Faithfulness:
    """Compare a result of any size with the original alone, as a check without a reference does."""
    return validated(_difference(_seen(result, original.size), _seen(original, original.size)))


def differences(result: Image.Image, original: Image.Image, *others: Image.Image) -> Values:
    """Return each pixel's difference as `broken` counts it, of 255, in the original's size."""
    shown = _seen(result, original.size)
    right = [_plain(picture) for picture in (original, *others)]
    right += [picture.resize(result.size, Image.Resampling.LANCZOS) for picture in right]
    smallest: Values = np.min([_difference(shown, _seen(picture, original.size)) for picture in right], axis=0)
    return smallest


def validated(difference: Values) -> Faithfulness:
    """Return the figures of differences such as `differences` returns."""
    far = difference > DIFFERENCE_MAX
    starts = [
        sorted({min(start, max(0, side - BLOCK_PX)) for start in range(0, side, BLOCK_PX // 2)}) for side in far.shape
    ]
    blocks = [far[top : top + BLOCK_PX, left : left + BLOCK_PX] for top in starts[0] for left in starts[1]]
    return Faithfulness(
        share=float(far.mean()),
        block_share=max(float(block.mean()) for block in blocks),
        largest=float(difference.max()),
    )


def reduced(pixels: Values, size: tuple[int, int]) -> Values:
    """Return the mean over each pixel's area, of pixels in any larger size; fractions of pixels count as fractions.

    Pillow's BOX takes whole pixels by their centers: at a factor of 1.6 it is no mean.
    """
    return _along(_along(pixels, 0, size[1]), 1, size[0])


def _along(pixels: Values, axis: int, count: int) -> Values:
    lines = np.moveaxis(pixels, axis, 0)
    if len(lines) == count:
        return pixels
    sums = np.concatenate([np.zeros_like(lines[:1]), np.cumsum(lines, axis=0)])
    edges = np.arange(count + 1) * (len(lines) / count)
    whole = np.minimum(edges.astype(np.intp), len(lines) - 1)
    part = (edges - whole).astype(np.float32).reshape(-1, *[1] * (lines.ndim - 1))
    at_edges = sums[whole] + part * lines[whole]
    return np.moveaxis(np.diff(at_edges, axis=0) * np.float32(count / len(lines)), 0, axis)


def _seen(picture: Image.Image, size: tuple[int, int]) -> Sequence[Values]:
    """Return a picture composited on black and on white, reduced; only once if it is opaque."""
    plain = _plain(picture)
    pixels = np.asarray(plain, dtype=np.float32)
    if plain.mode == "RGB":
        return [reduced(pixels, size)]
    opacity = pixels[..., 3:] / np.float32(255)
    on_black = reduced(pixels[..., :3] * opacity, size)
    return [on_black, on_black + np.float32(255) * (1 - reduced(opacity, size))]


def _plain(picture: Image.Image) -> Image.Image:
    """Return a picture in a mode for which Pillow interpolates instead of repeating pixels."""
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _difference(shown: Sequence[Values], expected: Sequence[Values]) -> Values:
    largest: Values = np.max([np.abs(shown[n] - expected[n]).max(axis=2) for n in (0, -1)], axis=0)  # black, white
    return largest
