"""Offline enhancement: the engine alone, from bytes to bytes, without a database or a data folder."""

import io
from typing import Final, assert_never

from attrs import evolve, frozen

from spike_core.domain.analysis import Analysis
from spike_core.domain.images import MetadataPolicy
from spike_core.domain.objects import PictureFormat
from spike_core.domain.orders import TaskKind
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.domain.tiers import Tier
from spike_core.ports.metadata import Metadata
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage
from spike_core.services.direct_enhancement import DirectEnhancement
from spike_core.services.pricing import Pricing
from spike_imaging.comparison import before_and_after

COMPARISON_FORMAT: Final = PictureFormat.JPEG


@frozen(kw_only=True)
class Offline:
    """Enhances pictures without a server, as the service would."""

    enhancement: DirectEnhancement
    metadata: Metadata
    labels: MetadataPolicy
    pricing: Pricing  # which knows what is on offer; nothing is paid

    def check_options(self, options: RenderOptions) -> None:
        """Check that the engine offers these options.

        Raises:
            InvalidValue: it doesn't.
        """
        self.pricing.check_options(options, TaskKind.ENHANCEMENT)

    def enhanced(
        self,
        original: bytes,
        tier: Tier,
        *,
        options: RenderOptions = DEFAULT_OPTIONS,
        monitor: ProgressMonitor = UNMONITORED,
    ) -> RenderedImage:
        """Return the picture with the same metadata as the service's results.

        Raises:
            InvalidValue: the tier or the options aren't on offer.
            UnacceptablePicture, UpscalerUnavailable, InvalidResult, WorkAbandoned: see `DirectEnhancement`.
        """
        self.check_options(options)
        made = self.enhancement.enhance(io.BytesIO(original), tier, options=options, monitor=monitor)
        match self.labels:
            case MetadataPolicy.KEEP:
                return evolve(made, content=self.metadata.with_metadata(made.content, original=io.BytesIO(original)))
            case MetadataPolicy.STRIP:
                return made
            case unreachable:
                assert_never(unreachable)

    def analyzed(self, original: bytes, tier: Tier, *, options: RenderOptions = DEFAULT_OPTIONS) -> Analysis:
        """Return what the engine finds in the picture, and how it would enhance it at this tier.

        Raises:
            InvalidValue, UnacceptablePicture, UpscalerUnavailable: as in `enhanced`.
        """
        self.check_options(options)
        return self.enhancement.analyze(io.BytesIO(original), tier, options=options)

    def compared(self, original: bytes, enhanced: RenderedImage) -> bytes:
        """Return a before-and-after picture, in `COMPARISON_FORMAT`."""
        return before_and_after(original, enhanced.content)
