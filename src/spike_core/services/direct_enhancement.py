"""Direct enhancement: without account, job or tokens, and without storing anything."""

from typing import BinaryIO

from attrs import frozen

from spike_core.domain.analysis import Analysis
from spike_core.domain.catalog import SPECIFIED, Catalog
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.domain.tiers import Tier
from spike_core.ports.probe import ImageProbe
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage, Upscaler
from spike_core.services.result_checks import check_fidelity, inspected


@frozen(kw_only=True)
class DirectEnhancement:
    """Enhances pictures with the service's engine and the same checks before and after."""

    probe: ImageProbe
    upscaler: Upscaler
    catalog: Catalog = SPECIFIED

    def enhance(
        self,
        original: BinaryIO,
        tier: Tier,
        *,
        options: RenderOptions = DEFAULT_OPTIONS,
        monitor: ProgressMonitor = UNMONITORED,
    ) -> RenderedImage:
        """Return the picture at this tier; `original` is read from its start.

        Raises:
            InvalidValue: the tier isn't on offer.
            UnacceptablePicture: the original isn't accepted.
            UpscalerUnavailable: the engine is unavailable.
            InvalidResult: the result failed its check.
            WorkAbandoned: `monitor` raised it.
        """
        size = self._size(original, tier)
        picture = self.upscaler.enhance(original, size=size, monitor=monitor, **options.as_arguments)
        inspected(picture, self.probe, size=size, options=options)
        original.seek(0)
        check_fidelity(picture, original, self.probe)
        return picture

    def analyze(self, original: BinaryIO, tier: Tier, *, options: RenderOptions = DEFAULT_OPTIONS) -> Analysis:
        """Return what the engine finds in the picture, and how it would enhance it at this tier.

        Raises:
            InvalidValue: the tier isn't on offer.
            UnacceptablePicture: the original isn't accepted.
            UpscalerUnavailable: the engine is unavailable.
        """
        return self.upscaler.analyze(original, size=self._size(original, tier), options=options)

    def _size(self, original: BinaryIO, tier: Tier) -> Dimensions:
        return self.catalog[tier].output_size(self.probe.identify(original).dimensions)
