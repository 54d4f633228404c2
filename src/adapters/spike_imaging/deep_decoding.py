"""Decoding what Pillow would cut to 8 bits: PNGs of 16 bits a channel, AVIFs of 10 and 12; and HDR of any depth.

Import this module only where a picture needs it: numpy and the codecs take a while to load.
"""

import logging
from typing import Final

import numpy as np
from imagecodecs import AvifError, PngError, avif_decode, png_decode
from PIL.Image import Image

from spike_core.domain.errors import UndecodablePicture
from spike_imaging.cicp import ColorEncoding, Signal
from spike_imaging.deep import Samples, to_srgb8
from spike_imaging.hdr import tone_mapped

_COLOR_TYPE: Final = 25  # where it stands in a PNG
_PNG_CHANNELS: Final = {0: (1, 2), 2: (3, 4), 4: (2,), 6: (4,)}  # by color type; a transparent color makes one more

# libpng warns of each odd chunk; a file may have millions
logging.getLogger("imagecodecs").setLevel(logging.ERROR)


def png_samples(data: bytes, *, size: tuple[int, int]) -> Samples:
    """Return a PNG's 16-bit samples, of the shape (height, width, channels); a transparent color has become alpha.

    `size` is its width and height, which have been judged.

    Raises:
        UndecodablePicture: it can't be decoded.
        MemoryError: there is too little.
    """
    for channels in _PNG_CHANNELS.get(data[_COLOR_TYPE], ()):
        shape = (size[1], size[0], channels) if channels > 1 else (size[1], size[0])
        samples = np.empty(shape, dtype=np.uint16)
        try:
            return png_decode(data, out=samples).reshape(size[1], size[0], channels)
        except PngError as error:
            # imagecodecs 2026.3.6 keeps the array for good; and without one given, takes references to None
            samples.resize((0,), refcheck=False)
            raise UndecodablePicture from error
        except ValueError:  # of another shape or depth
            continue
    raise UndecodablePicture


def avif_samples(data: bytes, *, size: tuple[int, int], bit_depth: int) -> Samples:
    """Return an AVIF's samples of 10 or 12 bits, stretched to 16, of the shape (height, width, channels).

    Raises:
        UndecodablePicture: it can't be decoded, or has another depth.
        MemoryError: there is too little.
    """
    try:
        samples = _of_size(avif_decode(data, 0, numthreads=1), size)
    except (AvifError, ValueError) as error:
        raise UndecodablePicture from error
    if int(samples.max()) >> bit_depth:
        raise UndecodablePicture
    spare = 16 - bit_depth  # their highest bits are repeated, so that white stays white
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
        MemoryError: there is too little.
    """
    if encoding.signal is Signal.SDR:
        return to_srgb8(samples, profile=encoding.profile)
    return tone_mapped(samples, encoding)


def _of_size(decoded: np.ndarray, size: tuple[int, int]) -> Samples:
    """Raise `ValueError` unless these are 16-bit samples of a picture of this size."""
    if decoded.dtype != np.uint16 or decoded.shape[1::-1] != size:
        message = f"{decoded.dtype} samples of the shape {decoded.shape}"
        raise ValueError(message)
    return decoded.reshape(*decoded.shape[:2], -1)
