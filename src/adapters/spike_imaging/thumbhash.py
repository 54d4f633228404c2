"""ThumbHash: a picture in 25 bytes, as a blurred placeholder (Evan Wallace, https://evanw.github.io/thumbhash/).

The hash holds the lowest terms of a cosine transform of the luminance, of two color differences and, if a pixel isn't
opaque, of the alpha, each quantized to four bits.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from PIL.Image import Image, Resampling

SIDE_PX_MAX: Final = 100  # the format's
_LUMA_TERMS: Final = 7
_LUMA_TERMS_WITH_ALPHA: Final = 5
_COLOR_TERMS: Final = 3
_ALPHA_TERMS: Final = 5
_FLAT: Final = 1e-9

_Plane = NDArray[np.float64]


def thumbhash(picture: Image) -> bytes:
    """Return the hash of a picture in RGB or RGBA; a larger one than 100 pixels a side is reduced."""
    longest = max(picture.size)
    if longest > SIDE_PX_MAX:
        width, height = (max(1, round(side * SIDE_PX_MAX / longest)) for side in picture.size)
        picture = picture.resize((width, height), Resampling.BOX)
    return hash_of(np.asarray(picture.convert("RGBA"), dtype=np.uint8))


def hash_of(rgba: NDArray[np.uint8]) -> bytes:
    """Return the hash of pixels: height by width by four, colors not premultiplied."""
    height, width = rgba.shape[:2]
    assert max(height, width) <= SIDE_PX_MAX, "the format has no larger pictures"
    luma, yellow_blue, red_green, alpha = _planes(rgba)
    has_alpha = bool(alpha.sum() < width * height)
    limit, longest = _LUMA_TERMS_WITH_ALPHA if has_alpha else _LUMA_TERMS, max(width, height)
    columns = max(1, _rounded(limit * width / longest))
    rows = max(1, _rounded(limit * height / longest))
    lightness = _Channel.of(luma, max(3, columns), max(3, rows))
    warmth = _Channel.of(yellow_blue, _COLOR_TERMS, _COLOR_TERMS)
    tint = _Channel.of(red_green, _COLOR_TERMS, _COLOR_TERMS)
    channels = [lightness, warmth, tint]
    is_landscape = width > height
    head = (
        _rounded(63 * lightness.mean)
        | _rounded(31.5 + 31.5 * warmth.mean) << 6
        | _rounded(31.5 + 31.5 * tint.mean) << 12
        | _rounded(31 * lightness.scale) << 18
        | int(has_alpha) << 23
    )
    shape = (
        (rows if is_landscape else columns)
        | _rounded(63 * warmth.scale) << 3
        | _rounded(63 * tint.scale) << 9
        | int(is_landscape) << 15
    )
    out = bytearray(head.to_bytes(3, "little") + shape.to_bytes(2, "little"))
    if has_alpha:
        opacity = _Channel.of(alpha, _ALPHA_TERMS, _ALPHA_TERMS)
        channels.append(opacity)
        out.append(_rounded(15 * opacity.mean) | _rounded(15 * opacity.scale) << 4)
    out += _packed([term for channel in channels for term in channel.terms])
    return bytes(out)


@frozen
class _Channel:
    """The terms of one channel: the mean, and the others quantized by the largest."""

    mean: float
    terms: Sequence[int]
    scale: float

    @classmethod
    def of(cls, plane: _Plane, columns: int, rows: int) -> "_Channel":
        """Transform a channel; of `columns` by `rows` terms those above the diagonal are left out."""
        height, width = plane.shape
        across = np.cos(math.pi / width * np.outer(np.arange(columns), np.arange(width) + 0.5))
        down = np.cos(math.pi / height * np.outer(np.arange(rows), np.arange(height) + 0.5))
        all_terms = (down @ plane @ across.T) / (width * height)
        kept = [float(all_terms[y, x]) for x, y in _places(columns, rows)]
        scale = max(map(abs, kept[1:]), default=0.0)
        if scale < _FLAT:  # only rounding errors are left
            return cls(kept[0], [0] * (len(kept) - 1), 0.0)
        quantized = [_rounded(15 * (0.5 + 0.5 / scale * term)) for term in kept[1:]]
        return cls(kept[0], quantized, scale)


def _places(columns: int, rows: int) -> Iterator[tuple[int, int]]:
    """Yield the places of the terms that are kept, the mean's first."""
    for y in range(rows):
        for x in range(columns):
            if x * rows >= columns * (rows - y):
                break
            yield x, y


def _planes(rgba: NDArray[np.uint8]) -> tuple[_Plane, _Plane, _Plane, _Plane]:
    """Return luminance, yellow minus blue, red minus green, and alpha, composed over the mean color."""
    pixels = rgba.astype(np.float64)
    alpha = pixels[..., 3] / 255
    weighted = alpha[..., None] / 255 * pixels[..., :3]
    total = alpha.sum()
    mean = weighted.sum(axis=(0, 1)) / total if total else np.zeros(3)
    composed = mean * (1 - alpha[..., None]) + weighted
    red, green, blue = composed[..., 0], composed[..., 1], composed[..., 2]
    return (red + green + blue) / 3, (red + green) / 2 - blue, red - green, alpha


def _packed(terms: Sequence[int]) -> bytes:
    """Return four bits of each term, two in a byte, the first in the lower half."""
    padded = [*terms, 0] if len(terms) % 2 else terms
    return bytes(low | high << 4 for low, high in zip(padded[::2], padded[1::2], strict=True))


def _rounded(value: float) -> int:
    """Round half up, as the format's own implementation does."""
    return math.floor(value + 0.5)
