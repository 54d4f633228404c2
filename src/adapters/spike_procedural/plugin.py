"""The entry point `generator.procedural`."""

from typing import Final

from spike_core.ports.canvas_fitter import CanvasFitter
from spike_procedural.generator import ProceduralGenerator

ADAPTER_API: Final = 1


def open_generator(*, url: str, api_key: str, model: str, canvas_fitter: CanvasFitter) -> ProceduralGenerator:  # noqa: ARG001  # the port's
    """Return the generator that draws by rules. It uses no server, so the arguments are ignored."""
    return ProceduralGenerator()
