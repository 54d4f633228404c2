"""The framer port."""

from typing import BinaryIO, Protocol

from spike_core.domain.dimensions import Dimensions
from spike_core.ports.upscaler import RenderedImage


class CanvasFitter(Protocol):
    """Puts pictures on canvases of other aspects, and takes them off again: for generators that know few sizes."""

    def frame(self, original: BinaryIO, *, size: Dimensions, canvas: Dimensions) -> bytes:
        """Return a PNG of the canvas' size, in sRGB and without metadata, with the original upright in its middle.

        There it has the aspect of `size` and is as large as it fits; the margin around it looks like it.

        Raises:
            UnacceptablePicture: the original can't be decoded; no further attempt can succeed.
        """

    def fit(self, picture: BinaryIO, *, size: Dimensions) -> RenderedImage:
        """Return the middle of a picture in the aspect of `size`, in exactly that size and in sRGB: what was framed.

        Raises:
            UnacceptablePicture: the picture can't be decoded.
        """
