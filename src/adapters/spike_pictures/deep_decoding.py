"""Decoding what Pillow would cut to 8 bits: PNGs of 16 bits a channel, AVIFs of 10 and 12; and HDR of any depth.

Import this module only where a picture needs it: numpy and the codecs take a while to load.
"""

import ctypes
import logging

import numpy as np
from imagecodecs import AvifError, PngError, avif_decode, png_decode
from PIL.Image import Image

from spike_core.domain.errors import UndecodablePicture
from spike_pictures.cicp import ColorEncoding, Signal
from spike_pictures.deep import Samples, to_srgb8
from spike_pictures.hdr import tone_mapped

# libpng warns of each odd chunk; a file may have millions
logging.getLogger("imagecodecs").setLevel(logging.ERROR)


def png_samples(data: bytes, *, size: tuple[int, int]) -> Samples:
    """Return a PNG's 16-bit samples, of the shape (height, width, channels); a transparent color has become alpha.

    `size` is its width and height, which have been judged.

    Raises:
        UndecodablePicture: it can't be decoded.
        MemoryError: there is too little.
    """
    try:
        return _of_size(png_decode(data), size)
    except PngError as error:
        _return_none_s_reference()
        raise UndecodablePicture from error
    except ValueError as error:
        raise UndecodablePicture from error


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


def _return_none_s_reference() -> None:
    """Count one more reference to None.

    imagecodecs 2026.3.6 takes one too many where libpng finds an error; after some thousands Python 3.11 would end the
    process. Since 3.12 None isn't counted, and were it mended, one reference too many does no harm.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(None))


def _of_size(decoded: np.ndarray, size: tuple[int, int]) -> Samples:
    """Raise `ValueError` unless these are 16-bit samples of a picture of this size."""
    if decoded.dtype != np.uint16 or decoded.shape[1::-1] != size:
        message = f"{decoded.dtype} samples of the shape {decoded.shape}"
        raise ValueError(message)
    return decoded.reshape(*decoded.shape[:2], -1)
