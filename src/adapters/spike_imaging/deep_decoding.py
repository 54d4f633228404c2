"""Decoding of pictures that Pillow would truncate to 8 bits: 16-bit PNG, 10- and 12-bit AVIF; and HDR of any depth.

Import this module only for such pictures: numpy and the codecs take a while to load.
"""

import logging
from typing import Final

import numpy as np
from imagecodecs import AvifError, PngError, avif_decode, png_decode
from PIL.Image import Image

from spike_core.domain.errors import UndecodablePicture
from spike_imaging.cicp import ColorEncoding, Signal
from spike_imaging.hdr import tone_mapped
from spike_imaging.high_bit_depth import Samples, to_srgb8

_COLOR_TYPE: Final = 25  # offset in a PNG
_PNG_CHANNELS: Final = {0: (1, 2), 2: (3, 4), 4: (2,), 6: (4,)}  # by color type; a transparent color adds one

# libpng logs a warning for each odd chunk, and a file may have millions
logging.getLogger("imagecodecs").setLevel(logging.ERROR)


def png_samples(data: bytes, *, size: tuple[int, int]) -> Samples:
    """Return a PNG's 16-bit samples, of the shape (height, width, channels); a transparent color becomes alpha.

    `size` is its width and height, which must have been checked.

    Raises:
        UndecodablePicture: it can't be decoded.
        MemoryError: there is too little memory.
    """
    for channels in _PNG_CHANNELS.get(data[_COLOR_TYPE], ()):
        shape = (size[1], size[0], channels) if channels > 1 else (size[1], size[0])
        samples = np.empty(shape, dtype=np.uint16)
        try:
            return png_decode(data, out=samples).reshape(size[1], size[0], channels)
        except PngError as error:
            # imagecodecs 2026.3.6 never frees the array; without one, it miscounts the references to None
            samples.resize((0,), refcheck=False)
            raise UndecodablePicture from error
        except ValueError:  # of another shape or depth
            continue
    raise UndecodablePicture


def avif_samples(data: bytes, *, size: tuple[int, int], bit_depth: int) -> Samples:
    """Return an AVIF's samples of 10 or 12 bits, scaled to 16, of the shape (height, width, channels).

    Raises:
        UndecodablePicture: it can't be decoded, or has another depth.
        MemoryError: there is too little memory.
    """
    try:
        samples = _of_size(avif_decode(data, 0, numthreads=1), size)
    except (AvifError, ValueError) as error:
        raise UndecodablePicture from error
    if int(samples.max()) >> bit_depth:
        raise UndecodablePicture
    spare = 16 - bit_depth  # the highest bits are repeated, so that white stays white
    stretched = samples << spare
    stretched |= samples >> (bit_depth - spare)
    return stretched.astype(np.uint16, copy=False)


def samples_of(picture: Image) -> Samples:
    """Return a picture in mode L, LA, RGB or RGBA as 16-bit samples, of the shape (height, width, channels)."""
    values = np.asarray(picture).astype(np.uint16)
    values *= 257
    return values.reshape(picture.height, picture.width, -1)


def shown(samples: Samples, encoding: ColorEncoding) -> Image:
    """Return samples as an RGB or RGBA picture in sRGB.

    Raises:
        MemoryError: there is too little memory.
    """
    if encoding.signal is Signal.SDR:
        return to_srgb8(samples, profile=encoding.profile)
    return tone_mapped(samples, encoding)


def _of_size(decoded: np.ndarray, size: tuple[int, int]) -> Samples:
    """Return 16-bit samples of a picture of this size; raise `ValueError` if they are something else."""
    if decoded.dtype != np.uint16 or decoded.shape[1::-1] != size:
        message = f"{decoded.dtype} samples of the shape {decoded.shape}"
        raise ValueError(message)
    return decoded.reshape(*decoded.shape[:2], -1)
