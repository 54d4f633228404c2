"""Fitting: an original on a canvas of a size that an image server accepts, and the server's result in the wanted size.

Such a server accepts few aspect ratios. An original is therefore sent with a blurred margin around it, and the margin
is cropped from the result: the frame is preserved and nothing is distorted.
"""

import io
from typing import BinaryIO, Final

from PIL import ImageOps
from PIL.Image import Resampling

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.limits import PICTURE_PIXELS_MAX
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.ports.upscaler import RenderedImage
from spike_imaging.decoding import decoded_for, on_white
from spike_imaging.encoding import encoded

_PNG_COMPRESS_LEVEL: Final = 2
_MARGIN_BLUR: Final = 16  # the margin is the picture at a resolution this many times coarser


class PillowCanvasFitter:
    """Fits pictures with Pillow. It is stateless and thread-safe."""

    def frame(self, original: BinaryIO, *, size: Dimensions, canvas: Dimensions) -> bytes:
        """Return the original on a canvas; see the port.

        Raises:
            MemoryError: there is too little memory.
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

    def fit(self, picture: BinaryIO, *, size: Dimensions, options: RenderOptions = DEFAULT_OPTIONS) -> RenderedImage:
        """Return the center of a picture; see the port.

        Raises:
            MemoryError: there is too little memory.
        """
        whole = on_white(decoded_for(picture.read(), _pair(size), pixels_max=PICTURE_PIXELS_MAX))
        return encoded(ImageOps.fit(whole, _pair(size), Resampling.LANCZOS), options=options)


def _pair(size: Dimensions) -> tuple[int, int]:
    return size.width_px, size.height_px
