"""Offline enhancement: the engine alone, from bytes to bytes, without a database or a data folder."""

import io
from typing import Final, assert_never

from attrs import evolve, frozen

from spike_core.domain.images import MetadataPolicy
from spike_core.domain.objects import PictureFormat
from spike_core.domain.tiers import Tier
from spike_core.ports.metadata import Metadata
from spike_core.ports.progress import ProgressMonitor
from spike_core.ports.upscaler import RenderedImage
from spike_core.services.direct_enhancement import DirectEnhancement
from spike_imaging.comparison import before_and_after
from spike_imaging.transcode import WRITTEN_FORMATS, transcoded

FORMATS: Final = WRITTEN_FORMATS
COMPARISON_FORMAT: Final = PictureFormat.JPEG


@frozen(kw_only=True)
class Offline:
    """Enhances pictures without a server, as the service would."""

    enhancement: DirectEnhancement
    metadata: Metadata
    labels: MetadataPolicy

    def enhanced(
        self, original: bytes, tier: Tier, *, formats: frozenset[PictureFormat], monitor: ProgressMonitor
    ) -> RenderedImage:
        """Return the picture in one of these formats, each of which must be one of `FORMATS`.

        The engine's own format is kept if it is one of them. The result has the same metadata as the service's results.

        Raises:
            UnacceptablePicture, UpscalerUnavailable, InvalidResult, WorkAbandoned: see `DirectEnhancement`.
            InvalidValue: the picture can't be encoded in the format.
        """
        made = self.enhancement.enhance(io.BytesIO(original), tier, monitor=monitor)
        format_ = made.format if made.format in formats else next(each for each in FORMATS if each in formats)
        content = transcoded(made.content, format_)
        match self.labels:
            case MetadataPolicy.KEEP:
                content = self.metadata.with_metadata(content, original=io.BytesIO(original))
            case MetadataPolicy.STRIP:
                pass
            case unreachable:
                assert_never(unreachable)
        return evolve(made, content=content, format=format_)

    def compared(self, original: bytes, enhanced: RenderedImage) -> bytes:
        """Return a before-and-after picture, in `COMPARISON_FORMAT`."""
        return before_and_after(original, enhanced.content)
