"""The entry point `upscaler.classical`."""

from typing import Final

from spike_core.ports.factories import Engine, EngineResources
from spike_pillow.blender import PillowBlender
from spike_pillow.canvas_fitter import PillowCanvasFitter
from spike_pillow.metadata import PillowMetadata
from spike_pillow.probe import PillowProbe
from spike_pillow.rendition_maker import PillowRenditionMaker
from spike_pillow.upscaler import PillowUpscaler

ADAPTER_API: Final = 1


def open_engine(*, means: EngineResources) -> Engine:  # noqa: ARG001  # its resources are fixed
    """Return the classical engine."""
    return classical_engine()


def classical_engine() -> Engine:
    """Return the classical engine, which needs no model, no GPU and no network."""
    return Engine(
        upscaler=PillowUpscaler(),
        blender=PillowBlender(),
        canvas_fitter=PillowCanvasFitter(),
        probe=PillowProbe(),
        metadata=PillowMetadata(),
        rendition_maker=PillowRenditionMaker(),
    )
