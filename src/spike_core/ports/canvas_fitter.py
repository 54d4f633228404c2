"""The canvas fitter port."""

from typing import BinaryIO, Protocol

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.ports.upscaler import RenderedImage


class CanvasFitter(Protocol):
    """Fits pictures to canvases of other aspect ratios and back, for generators that support few sizes."""

    def frame(self, original: BinaryIO, *, size: Dimensions, canvas: Dimensions) -> bytes:
        """Return a PNG of the canvas' size, in sRGB and without metadata, with the upright original in its center.

        The original has the aspect ratio of `size` and is as large as fits; the margin continues its colors.

        Raises:
            UnacceptablePicture: the original can't be decoded; no further attempt can succeed.
        """

    def fit(self, picture: BinaryIO, *, size: Dimensions, options: RenderOptions = DEFAULT_OPTIONS) -> RenderedImage:
        """Return the center of a picture, cropped to the aspect ratio of `size`, at exactly that size, in sRGB.

        Of the options, format and quality count, as in `Upscaler.enhance`.

        Raises:
            UnacceptablePicture: the picture can't be decoded.
        """
