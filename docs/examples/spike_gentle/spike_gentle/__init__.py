"""An engine for Spike that resamples gently: `SPIKE_UPSCALER=gentle`."""

from typing import BinaryIO

from attrs import evolve, frozen
from PIL.Image import Resampling

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UpscalerUnavailable
from spike_core.ports.plugins import Engine, EngineMeans
from spike_core.ports.upscaler import EnhancedPicture
from spike_core.ports.watch import UNWATCHED, Watch
from spike_pictures.encoding import encoded
from spike_pictures.opening import opened_picture

__all__ = ["GentleUpscaler", "open_engine"]


@frozen
class GentleUpscaler:
    """Makes pictures larger by bicubic resampling, and adds nothing. It holds no state."""

    def enhance(self, original: BinaryIO, *, size: Dimensions, watch: Watch = UNWATCHED) -> EnhancedPicture:
        """Return the picture in this size; see the port."""
        watch.report(0.0)
        try:
            with opened_picture(original.read()) as opened:
                upright = opened.decode().srgb()
            watch.report(0.3)
            picture = upright.resize((size.width_px, size.height_px), Resampling.BICUBIC)
            watch.report(0.8)
            return encoded(picture, method="bicubic")
        except MemoryError as error:
            raise UpscalerUnavailable from error


def open_engine(*, means: EngineMeans) -> Engine:
    """Return the classical engine with our upscaler in it: it probes and blends as before."""
    return evolve(means.classical(), upscaler=GentleUpscaler())
