"""Degradations of photographs in known ways, to judge engines that must find out which one it was."""

import io
import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from PIL import Image, ImageFilter, JpegImagePlugin

Pixels = NDArray[np.uint8]
Field = NDArray[np.float64]

_BAYER: Final = ((1, 0), (2, 1))  # which of red, green and blue a sensor's pixels measure, repeated in both directions
_GAUSSIAN_SHARE: Final = 0.3  # of the variance of a sensor's noise at middle gray; the rest grows with the light
_SHIFT_PX: Final = 4  # by which the blocks of a second JPEG are shifted, as after cropping


@frozen(kw_only=True)
class Damage:
    """What happened to a picture after it was reduced, in this order."""

    enlarged: float = 1.0  # from a picture that was smaller by this factor
    kernel: Image.Resampling = Image.Resampling.BICUBIC  # by which it was enlarged
    blur: float = 0.0  # the standard deviation of a Gaussian, in pixels
    noise: float = 0.0  # white, independent in each color; its standard deviation of 255
    gray: float = 0.0  # the same white noise in all colors
    grain: float = (
        0.0  # a sensor's, Poisson-Gaussian, through a Bayer mosaic; before demosaicing, of 255 at middle gray
    )
    qualities: tuple[int, ...] = ()  # of JPEG, one after another, the second with shifted blocks

    def __str__(self) -> str:
        """Return the name for tables."""
        parts = [
            f"enlarged {self.enlarged:g}{self._kernel}" if self.enlarged > 1 else "",
            f"blur {self.blur:g}" if self.blur else "",
            f"noise {self.noise:g}" if self.noise else "",
            f"gray noise {self.gray:g}" if self.gray else "",
            f"grain {self.grain:g}" if self.grain else "",
            *(f"JPEG q{quality}" for quality in self.qualities),
        ]
        return " + ".join(filter(None, parts)) or "clean"

    @property
    def _kernel(self) -> str:
        return "" if self.kernel is Image.Resampling.BICUBIC else f" by {self.kernel.name.lower()}"


@frozen(kw_only=True)
class Damaged:
    """A reduced and degraded picture, with the luminance table of its JPEG."""

    pixels: Pixels
    table: Sequence[int] | None


def damaged(original: Image.Image, damage: Damage, *, factor: int, name: str) -> Damaged:
    """Return a photograph reduced by Pillow's bicubic filter, then degraded; `name` seeds the noise."""
    small = original.resize((original.width // factor, original.height // factor), Image.Resampling.BICUBIC)
    if damage.enlarged > 1:
        before = (round(small.width / damage.enlarged), round(small.height / damage.enlarged))
        small = small.resize(before, Image.Resampling.BICUBIC).resize(small.size, damage.kernel)
    if damage.blur:
        small = small.filter(ImageFilter.GaussianBlur(damage.blur))
    chance = np.random.default_rng(zlib.crc32(f"{name} {damage} {factor}".encode()))
    pixels = _noisy(np.asarray(small), damage, chance)
    table: Sequence[int] | None = None
    for number, quality in enumerate(damage.qualities):
        pixels, table = _compressed(pixels, quality, shift_px=_SHIFT_PX * number)
    return Damaged(pixels=pixels, table=table)


def _noisy(pixels: Pixels, damage: Damage, chance: np.random.Generator) -> Pixels:
    if not damage.noise and not damage.gray and not damage.grain:
        return pixels
    light = pixels + chance.normal(0, damage.noise, pixels.shape)
    light += chance.normal(0, damage.gray, (*pixels.shape[:2], 1))
    if damage.grain:
        light = light + _sensor_noise(pixels, damage.grain, chance)
    noisy: Pixels = np.clip(light + 0.5, 0, 255.5).astype(np.uint8)
    return noisy


def _sensor_noise(pixels: Pixels, deviation: float, chance: np.random.Generator) -> Field:
    """Return what is left of a sensor's noise after bilinear demosaicing: each color from its own pixels.

    The variance before is constant in one part and proportional to the light in the other, as photons are counted.
    """
    height, width = pixels.shape[:2]
    variance = deviation**2 * (_GAUSSIAN_SHARE + (1 - _GAUSSIAN_SHARE) * pixels / 128)
    noise = chance.normal(0, 1, pixels.shape) * np.sqrt(variance)
    colors = np.tile(np.array(_BAYER), (height // 2 + 1, width // 2 + 1))[:height, :width]
    return np.stack([_interpolated(noise[..., color], colors == color) for color in range(3)], axis=-1)


def _interpolated(plane: Field, measured: NDArray[np.bool_]) -> Field:
    """Return a plane of which only some pixels were measured; the others are the means of their neighbors."""
    kernel = (1, 2, 1)
    sums = [np.pad(each, 1) for each in (plane * measured, measured.astype(np.float64))]
    height, width = plane.shape
    total, weight = (
        sum(
            kernel[row] * kernel[column] * each[row : row + height, column : column + width]
            for row in range(3)
            for column in range(3)
        )
        for each in sums
    )
    return np.where(measured, plane, total / weight)


def _compressed(pixels: Pixels, quality: int, *, shift_px: int) -> tuple[Pixels, Sequence[int]]:
    """Return the pixels of a JPEG, whose blocks begin `shift_px` before the picture, and its luminance table."""
    out = io.BytesIO()
    padded = np.pad(pixels, ((shift_px, 0), (shift_px, 0), (0, 0)), mode="edge")
    Image.fromarray(padded).save(out, "JPEG", quality=quality)
    with Image.open(out) as jpeg:
        assert isinstance(jpeg, JpegImagePlugin.JpegImageFile)
        return np.asarray(jpeg.convert("RGB"))[shift_px:, shift_px:], jpeg.quantization[0]
