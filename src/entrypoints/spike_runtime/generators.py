"""Selection of the generator, without opening it."""

from functools import partial
from typing import Final

from attrs import frozen

from spike_core.domain.errors import InvalidInput
from spike_core.ports.canvas_fitter import CanvasFitter
from spike_core.ports.factories import OpenGenerator
from spike_core.ports.generator import Generator
from spike_runtime.adapter_options import AdapterOptions
from spike_runtime.plugins import load_adapter
from spike_runtime.settings import Settings, WrongSettings
from spike_sandbox import BuildGenerator

SETTING: Final = "SPIKE_GENERATOR"
_SELF_CONTAINED: Final = frozenset({"procedural"})


@frozen
class GeneratorChoice:
    """A selected generator that isn't opened yet."""

    name: str
    opener: BuildGenerator  # picklable, so that another process can open it

    @property
    def is_self_contained(self) -> bool:
        """Whether it needs no server, and so can run in the sandbox, which API keys must not enter."""
        return self.name in _SELF_CONTAINED

    def opened(self, *, canvas_fitter: CanvasFitter) -> Generator:
        """Open the generator with this canvas fitter.

        Raises:
            WrongSettings: an argument can't be used.
        """
        try:
            return self.opener(canvas_fitter=canvas_fitter)
        except InvalidInput as error:
            raise WrongSettings(f"{SETTING}={self.name}: {error}") from error


def chosen_generator(settings: Settings) -> GeneratorChoice:
    """Return the generator that the settings name.

    Raises:
        WrongSettings: no generator has this name.
    """
    open_: OpenGenerator = load_adapter("generator", settings.generator, setting=SETTING)
    opener = partial(
        open_,
        url=settings.generator_url,
        api_key=settings.generator_api_key,
        model=settings.generator_model,
        **AdapterOptions.of(settings).arguments(open_, settings.generator),
    )
    return GeneratorChoice(settings.generator, opener)
