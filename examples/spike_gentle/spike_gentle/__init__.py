"""An engine for Spike that resamples gently: `SPIKE_UPSCALER=gentle`."""

from typing import BinaryIO, Final

from attrs import evolve, frozen
from PIL.Image import Resampling

from spike_core.errors import UpscalerUnavailable
from spike_core.ports import (
    DEFAULT_OPTIONS,
    UNMONITORED,
    Dimensions,
    Engine,
    EngineResources,
    ProgressMonitor,
    RenderedImage,
    RenderOptions,
    Upscaler,
)
from spike_imaging.encoding import encoded
from spike_imaging.open import opened_picture
from spike_imaging.resolution import resolution_of

ADAPTER_API: Final = 1

__all__ = ["GentleUpscaler", "open_engine"]


@frozen
class GentleUpscaler(Upscaler):
    """Makes pictures larger by bicubic resampling, and adds nothing. It holds no state."""

    def enhance(
        self,
        original: BinaryIO,
        *,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
        monitor: ProgressMonitor = UNMONITORED,
    ) -> RenderedImage:
        """Return the picture in this size; see the port."""
        monitor.report(0.0)
        try:
            data = original.read()
            with opened_picture(data) as opened:
                upright = opened.decode().srgb()
            monitor.report(0.3)
            picture = upright.resize((size.width_px, size.height_px), Resampling.BICUBIC)
            monitor.report(0.8)
            return encoded(picture, options=options, resolution=resolution_of(data), method="bicubic")
        except MemoryError as error:
            raise UpscalerUnavailable from error


def open_engine(*, means: EngineResources) -> Engine:
    """Return the classical engine with our upscaler in it: it probes and blends as before."""
    return evolve(means.classical(), upscaler=GentleUpscaler())
