"""The blender port."""

from typing import BinaryIO, Protocol

from spike_core.domain.dimensions import Dimensions


class Blender(Protocol):
    """Merges two pictures into one."""

    def blend(self, original: BinaryIO, source: BinaryIO, *, size: Dimensions) -> bytes:
        """Return `source` merged into `original`: upright, in sRGB, encoded without loss.

        The picture keeps the original's aspect; it is no larger than the original and than `size`, so an upscaler has
        the last word on its size. The same two pictures always give the same bytes.

        Raises:
            UnacceptablePicture: one of them can't be decoded; no further attempt can succeed.
            UpscalerUnavailable: there is no room for them now; another attempt may succeed.
        """
