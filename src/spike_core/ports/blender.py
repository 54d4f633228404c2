"""The blender port."""

from typing import BinaryIO, Protocol

from spike_core.domain.dimensions import Dimensions


class Blender(Protocol):
    """Merges two pictures into one."""

    def blend(self, original: BinaryIO, source: BinaryIO, *, size: Dimensions) -> bytes:
        """Return `source` merged into `original`: upright, in sRGB, encoded without loss.

        The result has the original's aspect ratio and is no larger than the original or `size`; an upscaler then brings
        it to its final size. The same two pictures always give the same bytes.

        Raises:
            UnacceptablePicture: one of them can't be decoded; no further attempt can succeed.
            UpscalerUnavailable: resources are exhausted; another attempt may succeed.
        """
