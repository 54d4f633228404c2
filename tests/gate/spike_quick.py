"""The entry point `upscaler.quick`: results of the right size and format, in a tenth of an engine's time.

It is for tests that look at everything but pixels. They aren't compared with the original's, either.
"""

from typing import BinaryIO, Final

from attrs import evolve, frozen
from PIL import Image

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.fidelity import Comparison, Shares
from spike_core.domain.images import PictureFacts, PictureIdentity
from spike_core.domain.limits import PICTURE_PIXELS_MAX
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.ports.engine import Engine, EngineResources
from spike_core.ports.probe import ImageProbe
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage, Upscaler
from spike_imaging.encoding import encoded

METHOD: Final = "Nearest neighbors"
_QUALITY: Final = 75
_NONE: Final = Shares(overall=0.0, local=0.0)


@frozen
class QuickProbe:
    """Delegates to another probe; finds each result like its original."""

    probe: ImageProbe

    def identify(self, content: BinaryIO) -> PictureIdentity:
        """Identify the picture."""
        return self.probe.identify(content)

    def inspect(self, content: BinaryIO, *, pixels_max: int = PICTURE_PIXELS_MAX) -> PictureFacts:
        """Inspect the picture."""
        return self.probe.inspect(content, pixels_max=pixels_max)

    def compare(self, result: BinaryIO, original: BinaryIO) -> Comparison:
        """Return that they don't differ; neither is decoded."""
        return Comparison(
            size=self.probe.identify(original).dimensions,
            result_is_blank=False,
            original_is_blank=False,
            stray=_NONE,
            changed=_NONE,
            off=_NONE,
            roughness_excess=0.0,
            mean_gap=0.0,
            cell_gap=0.0,
        )


@frozen
class QuickUpscaler(Upscaler):
    """Repeats pixels."""

    def enhance(
        self,
        original: BinaryIO,
        *,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
        monitor: ProgressMonitor = UNMONITORED,
    ) -> RenderedImage:
        """Return the picture in this size."""
        monitor.report(0.0)
        with Image.open(original) as picture:
            result = picture.convert("RGB").resize((size.width_px, size.height_px), Image.Resampling.NEAREST)
        monitor.report(0.5)
        return encoded(result, options=evolve(options, quality=options.quality or _QUALITY), method=METHOD)


def open_engine(*, means: EngineResources) -> Engine:
    """Return Pillow's engine with another upscaler."""
    pillow = means.classical()
    return evolve(pillow, probe=QuickProbe(pillow.probe), upscaler=QuickUpscaler())
