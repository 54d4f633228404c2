"""HEIF pictures with more than 8 bits per channel, converted to sRGB in full precision and rounded once to 8 bits.

Import this module only for such pictures: numpy and LittleCMS take a while to load.
"""

from typing import Any, Final

import numpy as np
from PIL.Image import Image, new

from spike_imaging.cicp import ColorEncoding
from spike_imaging.deep_decoding import shown
from spike_imaging.high_bit_depth import Samples, strips, to_8_bits

_TOP: Final = 65535
_OPAQUE: Final = 255


def shown_in_8_bits(image: Any, encoding: ColorEncoding) -> Image:
    """Return a decoded `pillow_heif.HeifImage` with 9 to 16 bits per channel as RGB or RGBA in sRGB.

    Memory: some ten megabytes in addition to samples and picture.

    Raises:
        MemoryError: there is too little memory.
    """
    (width, height), channels = image.size, len(str(image.mode).partition(";")[0])
    samples: Samples = np.frombuffer(image.data, np.uint16).reshape(height, -1)[:, : width * channels]
    samples = samples.reshape(height, width, channels)
    top = (1 << int(image.info["bit_depth"])) - 1
    scale = np.round(np.arange(top + 1) * (_TOP / top)).astype(np.uint16)
    least_alpha = min(int(samples[..., -1].min()), top) if image.has_alpha else top
    is_translucent = int(to_8_bits(scale[least_alpha])) < _OPAQUE
    picture = new("RGBA" if is_translucent else "RGB", (width, height))
    for rows in strips(samples):
        strip = scale[np.minimum(samples[rows], top)]
        if image.premultiplied_alpha:
            strip = _straight(strip)
        picture.paste(shown(strip, encoding).convert(picture.mode), (0, rows.start))
    return picture


def _straight(samples: Samples) -> Samples:
    """Return samples of premultiplied colors and alpha as straight ones."""
    alpha = np.maximum(samples[..., -1:].astype(np.uint32), 1)
    colors = np.minimum((samples[..., :-1].astype(np.uint32) * _TOP + alpha // 2) // alpha, _TOP)
    return np.concatenate((colors.astype(np.uint16), samples[..., -1:]), axis=2)
