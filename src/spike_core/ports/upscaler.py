"""The upscaler port."""

from typing import BinaryIO, Protocol

from attrs import field, frozen, validators

from spike_core.domain.analysis import NO_ANALYSIS, Analysis
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.limits import METHOD_CHARS_MAX
from spike_core.domain.objects import PictureFormat
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
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

    def enhance(
        self,
        original: BinaryIO,
        *,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
        monitor: ProgressMonitor = UNMONITORED,
    ) -> RenderedImage:
        """Return the enhanced picture in exactly this size, upright and in sRGB.

        Its pixels are encoded once, in the format that `options` orders: a PNG, or a WebP of quality 100, has exactly
        the engine's pixels. Without an order opaque pictures are returned as JPEG, those with transparency as PNG or
        WebP. What is transparent becomes white in an ordered JPEG. The original's resolution (DPI) is kept.

        `strength` is that of noise reduction; an engine that has none ignores it. An engine isn't asked for a `mode`
        that its `Engine.modes` doesn't offer; if it is all the same, it raises `UpscalerUnavailable`.

        `monitor` receives the progress at least once, and may abort the work.

        Raises:
            UnacceptablePicture: the original can't be decoded; no further attempt can succeed.
            UpscalerUnavailable: another attempt may succeed.
            WorkAbandoned: `monitor` raised it.
        """

    def analyze(
        self,
        original: BinaryIO,  # noqa: ARG002  # for those that do analyze
        *,
        size: Dimensions,  # noqa: ARG002  # as above
        options: RenderOptions = DEFAULT_OPTIONS,  # noqa: ARG002  # as above
    ) -> Analysis:
        """Return what the engine finds in a picture, and how it would enhance it at this size; nothing is enhanced.

        By default an engine finds nothing.

        Raises:
            UnacceptablePicture: the original can't be decoded.
            UpscalerUnavailable: another attempt may succeed.
        """
        return NO_ANALYSIS
