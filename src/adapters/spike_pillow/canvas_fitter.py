"""Framing: a picture on a canvas of the size that an image server takes, and what comes back in the size wanted.

Such a server knows few aspects. An original is therefore sent with a blurred margin around it, and the margin is cut
off the answer: what was in the frame stays in the frame, nothing is squeezed.
"""

import io
from typing import BinaryIO, Final

from PIL import ImageOps
from PIL.Image import Resampling

from spike_core.domain.dimensions import Dimensions
from spike_core.ports.upscaler import RenderedImage
from spike_imaging.decoding import decoded_for, on_white
from spike_imaging.encoding import encoded

_PNG_COMPRESS_LEVEL: Final = 2
_MARGIN_BLUR: Final = 16  # the margin is the picture, this many times coarser


class PillowCanvasFitter:
    """Frames pictures by Pillow. It holds no state: one serves all threads."""

    def frame(self, original: BinaryIO, *, size: Dimensions, canvas: Dimensions) -> bytes:
        """Return the original on a canvas; see the port.

        Raises:
            MemoryError: there is too little.
        """
        picture = on_white(decoded_for(original.read(), _pair(canvas)))
        scale = min(canvas.width_px / size.width_px, canvas.height_px / size.height_px)
        inner = (max(1, round(size.width_px * scale)), max(1, round(size.height_px * scale)))
        middle = picture.resize(inner, Resampling.LANCZOS)
        coarse = (max(1, canvas.width_px // _MARGIN_BLUR), max(1, canvas.height_px // _MARGIN_BLUR))
        whole = ImageOps.fit(middle, coarse, Resampling.BOX).resize(_pair(canvas), Resampling.BICUBIC)
        whole.paste(middle, ((canvas.width_px - inner[0]) // 2, (canvas.height_px - inner[1]) // 2))
        out = io.BytesIO()
        whole.save(out, "PNG", compress_level=_PNG_COMPRESS_LEVEL)
        return out.getvalue()

    def fit(self, picture: BinaryIO, *, size: Dimensions) -> RenderedImage:
        """Return the middle of a picture; see the port.

        Raises:
            MemoryError: there is too little.
        """
        whole = on_white(decoded_for(picture.read(), _pair(size)))
        return encoded(ImageOps.fit(whole, _pair(size), Resampling.LANCZOS))


def _pair(size: Dimensions) -> tuple[int, int]:
    return size.width_px, size.height_px
