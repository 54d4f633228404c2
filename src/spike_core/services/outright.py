"""Enhancement outright: a picture in, a picture out. No account, no job, no token, and nothing is stored."""

from typing import BinaryIO

from attrs import frozen

from spike_core.domain.tiers import Tier
from spike_core.ports.probe import ImageProbe
from spike_core.ports.upscaler import EnhancedPicture, Upscaler
from spike_core.ports.watch import UNWATCHED, Watch
from spike_core.services.inspection import check_fidelity, inspected


@frozen(kw_only=True)
class OutrightEnhancement:
    """Enhances pictures by the engine of the service, with the same checks before and after."""

    probe: ImageProbe
    upscaler: Upscaler

    def enhance(self, original: BinaryIO, tier: Tier, *, watch: Watch = UNWATCHED) -> EnhancedPicture:
        """Return the picture at this tier; `original` is read from its start.

        Raises:
            UnacceptablePicture: Spike doesn't take the original.
            UpscalerUnavailable: the engine can't work now.
            FlawedResult: what the engine made failed its check.
            WorkAbandoned: the watch said so.
        """
        source = self.probe.inspect(original)
        size = tier.output_size(source.dimensions)
        picture = self.upscaler.enhance(original, size=size, watch=watch)
        inspected(picture, self.probe, size=size)
        original.seek(0)
        check_fidelity(picture, original, self.probe)
        return picture
