"""The upscaler port."""

from typing import BinaryIO, Protocol

from attrs import field, frozen, validators

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.limits import METHOD_CHARS_MAX
from spike_core.domain.objects import PictureFormat
from spike_core.ports.progress import UNMONITORED, ProgressMonitor


@frozen(kw_only=True)
class RenderedImage:
    """What an engine made, encoded."""

    content: bytes = field(repr=False, validator=validators.min_len(1))
    format: PictureFormat
    dimensions: Dimensions
    method: str = field(
        default="", validator=validators.max_len(METHOD_CHARS_MAX)
    )  # how, and what of the input said so


class Upscaler(Protocol):
    """Makes a picture larger, or smaller, and better."""

    def enhance(self, original: BinaryIO, *, size: Dimensions, monitor: ProgressMonitor = UNMONITORED) -> RenderedImage:
        """Return the enhanced picture in exactly this size, upright and in sRGB.

        Opaque pictures come as JPEG, those with transparency as PNG or WebP. `monitor` hears of the progress, at least
        once before the end, and may end the work.

        Raises:
            UnacceptablePicture: the original can't be decoded; no further attempt can succeed.
            UpscalerUnavailable: the engine can't work now; another attempt may succeed.
            WorkAbandoned: the watch said so.
        """
