"""Selection of the engine, without loading it."""

import sys
from collections.abc import Callable
from functools import partial
from typing import Final

from attrs import frozen

from spike_core.domain.errors import UpscalerUnavailable
from spike_core.domain.limits import UploadLimits
from spike_core.domain.render_options import FAITHFUL_ONLY, Mode
from spike_core.ports.factories import Engine, EngineResources, OpenEngine
from spike_ncnn import is_installed
from spike_pillow import classical_engine
from spike_runtime.adapter_options import AdapterOptions
from spike_runtime.plugins import load_adapter
from spike_runtime.settings import Settings, WrongSettings

SETTING: Final = "SPIKE_UPSCALER"
AUTO: Final = "auto"
NEURAL: Final = "neural"
CLASSICAL: Final = "classical"


@frozen
class EngineChoice:
    """A selected engine that isn't built yet."""

    name: str
    _opener: Callable[[], Engine]
    modes: frozenset[Mode] = FAITHFUL_ONLY  # that the engine offers, as far as is known without building it

    @property
    def opener(self) -> Callable[[], Engine]:
        """The factory, picklable so that another process can build the engine.

        Raises:
            UpscalerUnavailable: when called, if a dependency of the engine isn't installed.
        """
        return self._opener

    def opened(self) -> Engine:
        """Build the engine.

        Raises:
            WrongSettings: a dependency of the engine isn't installed.
        """
        try:
            return self._opener()
        except UpscalerUnavailable as error:
            raise WrongSettings(
                f"{SETTING}: a dependency of the engine {self.name!r} isn't installed; "
                f"the neural engine needs the extra spike-core[{NEURAL}]"
            ) from error


def chosen_engine(settings: Settings, *, upload_limits: UploadLimits | None = None) -> EngineChoice:
    """Return the engine of this name; for `auto`, the neural one if it is installed, else the classical one.

    Its probe accepts pictures up to the pixels of `upload_limits`, or those of the settings.

    Raises:
        WrongSettings: no engine has this name.
    """
    name = settings.upscaler
    if name == AUTO:
        name = NEURAL if is_installed() else CLASSICAL
    open_: OpenEngine = load_adapter("upscaler", name, setting=SETTING)
    pixels_max = (upload_limits or settings.upload_limits).pixels
    means = EngineResources(
        cores=settings.engine_threads,
        memory_bytes=settings.engine_memory_mb * 1024 * 1024,
        pixels_max=pixels_max,
        work_time_s=min(
            settings.sandbox_cpu_s, settings.engine_threads * min(settings.sandbox_time_s, settings.work_time_max_s)
        ),
        classical=partial(classical_engine, pixels_max=pixels_max),
    )
    opener = partial(open_, means=means, **AdapterOptions.of(settings).arguments(open_, name))
    return EngineChoice(name, opener, modes=_modes(open_))


def _modes(open_: OpenEngine) -> frozenset[Mode]:
    """Return what the factory's module says that its engine offers."""
    module = sys.modules.get(getattr(open_, "__module__", ""))
    modes: Callable[[], frozenset[Mode]] = getattr(module, "modes", lambda: FAITHFUL_ONLY)
    return modes()
