"""The entry points `upscaler.slow` and `limiter.slow-dns`: some pictures and names take long, without processor time.

A picture of `SLOW_TO_LOOK_AT` is identified late, one of `SLOW_TO_ENHANCE` is enhanced late, wherever the engine runs.
A name below `SLOW_DOMAIN` is never resolved.
"""

import socket
import threading
import time
from typing import Any, BinaryIO, Final

from attrs import evolve, frozen

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.fidelity import Comparison
from spike_core.domain.images import PictureFacts, PictureIdentity
from spike_core.domain.limits import PICTURE_PIXELS_MAX
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.ports.engine import Engine, EngineResources
from spike_core.ports.limiter import RateLimiter
from spike_core.ports.probe import ImageProbe
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage, Upscaler
from spike_limits.plugin import open_memory

SLOW_TO_LOOK_AT: Final = Dimensions(width_px=97, height_px=61)
SLOW_TO_ENHANCE: Final = Dimensions(width_px=89, height_px=61)
SLOW_DOMAIN: Final = ".slow.example"
LOOK_S: Final = 3.0
ENHANCEMENT_S: Final = 8.0


@frozen
class SlowProbe:
    """Delegates to another probe; sleeps over some uploads."""

    probe: ImageProbe

    def identify(self, content: BinaryIO) -> PictureIdentity:
        """Identify the picture, and take one's time over some."""
        identity = self.probe.identify(content)
        if identity.dimensions == SLOW_TO_LOOK_AT:
            time.sleep(LOOK_S)
        return identity

    def inspect(self, content: BinaryIO, *, pixels_max: int = PICTURE_PIXELS_MAX) -> PictureFacts:
        """Inspect the picture."""
        return self.probe.inspect(content)

    def compare(self, result: BinaryIO, original: BinaryIO) -> Comparison:
        """Compare both."""
        return self.probe.compare(result, original)


@frozen
class SlowUpscaler(Upscaler):
    """Delegates to another upscaler; sleeps over some pictures."""

    upscaler: Upscaler
    probe: ImageProbe

    def enhance(
        self,
        original: BinaryIO,
        *,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
        monitor: ProgressMonitor = UNMONITORED,
    ) -> RenderedImage:
        """Enhance the picture, and take one's time over some."""
        if self.probe.identify(original).dimensions == SLOW_TO_ENHANCE:
            time.sleep(ENHANCEMENT_S)
        return self.upscaler.enhance(original, size=size, monitor=monitor, **options.as_arguments)


def open_engine(*, means: EngineResources) -> Engine:
    """Return Pillow's engine, slow on some pictures."""
    pillow = means.classical()
    return evolve(pillow, probe=SlowProbe(pillow.probe), upscaler=SlowUpscaler(pillow.upscaler, pillow.probe))


def open_limiter(url: str) -> RateLimiter:
    """Return the limiter in memory, and make this process's resolver hang on some names."""
    resolve = socket.getaddrinfo

    def resolve_slowly(host: Any, *args: Any, **options: Any) -> Any:
        if str(host).endswith(SLOW_DOMAIN):
            threading.Event().wait()
        return resolve(host, *args, **options)

    vars(socket)["getaddrinfo"] = resolve_slowly
    return open_memory(url)
