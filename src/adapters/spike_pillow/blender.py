"""Blending of two pictures at several scales, so that neither seams nor washed-out detail appear.

After P. J. Burt and E. H. Adelson, "A Multiresolution Spline With Application to Image Mosaics" (1983): each picture is
decomposed into a Laplacian pyramid, each level is blended with a mask as soft as the level is coarse, and the levels
are summed. Differences are stored in 8 bits around 128.

The mask favors the picture with more detail at each place, and gives each at least a fifth. Before that the source is
cropped to the original's aspect ratio and its tone is moved halfway to the original's.
"""

import io
from typing import BinaryIO, Final

from attrs import frozen
from PIL import ImageChops, ImageMath, ImageOps, ImageStat
from PIL.Image import Image, Resampling, composite
from PIL.ImageFilter import GaussianBlur

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UpscalerUnavailable
from spike_imaging.color import srgb_profile
from spike_imaging.decoding import decoded_for
from spike_imaging.resolution import resolution_of

_SHRINKING: Final = 2  # from one level to the next
_COARSEST_SIDE_PX: Final = 16
_ZERO: Final = 128  # a difference of 0
_MASK_SIDE_PX: Final = 96  # detail is measured coarsely, since the mask must be soft
_LEAST: Final = 51  # of 255: the minimum weight of each picture
_TONE_STRENGTH: Final = 0.5  # 1 would give the source exactly the original's tone
_SPREAD_MAX: Final = 1.6  # the maximum factor by which contrast is stretched or compressed
_PNG_COMPRESS_LEVEL: Final = 1  # the picture is read only once


@frozen
class PillowBlender:
    """Blends pictures with Pillow. It is stateless and thread-safe."""

    def blend(self, original: BinaryIO, source: BinaryIO, *, size: Dimensions) -> bytes:
        """Return the blended picture as PNG; see the port."""
        try:
            data = original.read()
            upright = decoded_for(data, (size.width_px, size.height_px))
            if upright.width > size.width_px:
                upright = upright.resize((size.width_px, size.height_px), Resampling.LANCZOS)
            merged = _merged(upright, _fitted(decoded_for(source.read(), upright.size), upright.size))
        except MemoryError as error:
            raise UpscalerUnavailable from error
        out = io.BytesIO()
        merged.save(out, "PNG", compress_level=_PNG_COMPRESS_LEVEL, icc_profile=srgb_profile(), dpi=resolution_of(data))
        return out.getvalue()


def _fitted(source: Image, size: tuple[int, int]) -> Image:
    """Return the source in this size: scaled to cover it, and cropped evenly."""
    return ImageOps.fit(source, size, Resampling.LANCZOS)


def _merged(original: Image, source: Image) -> Image:
    """Return the source blended into the original, which has the same size."""
    colors, others = original.convert("RGB"), source.convert("RGB")
    others = _toned(others, like=colors)
    mask = _mask(colors, others)
    if source.mode == "RGBA":  # where the source is transparent, the original shows
        mask = ImageChops.lighter(mask, ImageOps.invert(_small(source.getchannel("A"))))
    result = _splined(colors, others, mask)
    if original.mode == "RGBA":
        result.putalpha(original.getchannel("A"))
    return result


def _toned(picture: Image, *, like: Image) -> Image:
    """Return the picture with each channel's mean and spread moved toward another picture's."""
    now, wanted = ImageStat.Stat(_small(picture)), ImageStat.Stat(_small(like))
    table: list[int] = []
    for channel in range(3):
        spread = (wanted.stddev[channel] + 1) / (now.stddev[channel] + 1)
        gain = 1 + _TONE_STRENGTH * (min(max(spread, 1 / _SPREAD_MAX), _SPREAD_MAX) - 1)
        middle = now.mean[channel] + _TONE_STRENGTH * (wanted.mean[channel] - now.mean[channel])
        table += [round(min(max(middle + gain * (value - now.mean[channel]), 0), 255)) for value in range(256)]
    return picture.point(table)


def _mask(original: Image, source: Image) -> Image:
    """Return the weight of the original at each place, small and soft: 255 is all of it."""
    one, other = _detail(original), _detail(source)
    span = 255 - 2 * _LEAST
    share = ImageMath.lambda_eval(
        lambda args: args["convert"](args["a"] * span / (args["a"] + args["b"]) + _LEAST + 0.5, "L"), a=one, b=other
    )
    assert isinstance(share, Image)
    return share


def _detail(picture: Image) -> Image:
    """Return how much detail there is around each place, in mode F and never 0."""
    gray = _small(picture.convert("L"))
    detail = ImageChops.difference(gray, gray.filter(GaussianBlur(2)))
    return detail.filter(GaussianBlur(_MASK_SIDE_PX / 12)).convert("F").point(lambda value: value * 1 + 2)


def _small(picture: Image) -> Image:
    scale = min(1.0, _MASK_SIDE_PX / max(picture.size))
    return picture.resize(_scaled(picture.size, scale), Resampling.BOX)


def _splined(one: Image, other: Image, mask: Image) -> Image:
    """Blend two pictures level by level, from fine to coarse, and sum the levels on the way back."""
    if min(one.size) < _SHRINKING * _COARSEST_SIDE_PX:
        return composite(one, other, mask.resize(one.size, Resampling.BILINEAR))
    smaller = _scaled(one.size, 1 / _SHRINKING)
    coarse, coarse_other = one.resize(smaller, Resampling.BOX), other.resize(smaller, Resampling.BOX)
    fine = composite(_less(one, coarse), _less(other, coarse_other), mask.resize(one.size, Resampling.BILINEAR))
    below = _splined(coarse, coarse_other, mask)
    return ImageChops.add(_grown(below, one.size), fine, scale=1, offset=-_ZERO)


def _less(picture: Image, coarse: Image) -> Image:
    return ImageChops.subtract(picture, _grown(coarse, picture.size), scale=1, offset=_ZERO)


def _grown(coarse: Image, size: tuple[int, int]) -> Image:
    return coarse.resize(size, Resampling.BICUBIC)


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
