"""The upscaler port."""

from typing import BinaryIO, Protocol

from attrs import field, frozen, validators

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.limits import METHOD_CHARS_MAX
from spike_core.domain.objects import PictureFormat
from spike_core.ports.progress import UNMONITORED, ProgressMonitor


@frozen(kw_only=True)
class RenderedImage:
    """An encoded picture that an engine made."""

    content: bytes = field(repr=False, validator=validators.min_len(1))
    format: PictureFormat
    dimensions: Dimensions
    method: str = field(default="", validator=validators.max_len(METHOD_CHARS_MAX))  # how it was made, and why so


class Upscaler(Protocol):
    """Enhances pictures at another size."""

    def enhance(self, original: BinaryIO, *, size: Dimensions, monitor: ProgressMonitor = UNMONITORED) -> RenderedImage:
        """Return the enhanced picture in exactly this size, upright and in sRGB.

        Opaque pictures are returned as JPEG, those with transparency as PNG or WebP. `monitor` receives the progress at
        least once, and may abort the work.

        Raises:
            UnacceptablePicture: the original can't be decoded; no further attempt can succeed.
            UpscalerUnavailable: another attempt may succeed.
            WorkAbandoned: `monitor` raised it.
        """
