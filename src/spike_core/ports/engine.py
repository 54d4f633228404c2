"""An engine: the adapters for image work, and what it may use.

Apart from the factories, because a child process that does image work needs nothing else of them, and starts sooner
without what describes databases and storage.
"""

from collections.abc import Callable

from attrs import field, frozen, validators

from spike_core.domain.limits import PICTURE_PIXELS_MAX
from spike_core.domain.render_options import FAITHFUL_ONLY, Mode
from spike_core.ports.blender import Blender
from spike_core.ports.canvas_fitter import CanvasFitter
from spike_core.ports.metadata import Metadata
from spike_core.ports.probe import ImageProbe
from spike_core.ports.rendition_maker import RenditionMaker
from spike_core.ports.upscaler import Upscaler


@frozen(kw_only=True)
class Engine:
    """The adapters for image work."""

    upscaler: Upscaler
    blender: Blender
    canvas_fitter: CanvasFitter
    probe: ImageProbe
    metadata: Metadata
    modes: frozenset[Mode] = FAITHFUL_ONLY  # that the upscaler offers with what is installed
    rendition_maker: RenditionMaker | None = None  # `None`: pictures have no renditions


@frozen(kw_only=True)
class EngineResources:
    """The resources that an engine may use for one picture, and the engine that is always available."""

    cores: int = field(default=2, validator=validators.ge(1))
    memory_bytes: int = field(default=256 * 1024 * 1024, validator=validators.ge(1))  # besides the picture itself
    pixels_max: int = field(default=PICTURE_PIXELS_MAX, validator=validators.ge(1))  # that its probe identifies
    # processor time for a result of 4096 pixels, after which it is ended; others may take `Catalog.work_share` of it
    work_time_s: float = field(default=600.0, validator=validators.gt(0))
    classical: Callable[[], Engine]  # for the parts that another engine doesn't implement
