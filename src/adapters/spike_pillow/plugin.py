"""The entry point `upscaler.classical`."""

from typing import Final

from spike_core.domain.limits import PICTURE_PIXELS_MAX
from spike_core.ports.engine import Engine, EngineResources
from spike_pillow.blender import PillowBlender
from spike_pillow.canvas_fitter import PillowCanvasFitter
from spike_pillow.metadata import PillowMetadata
from spike_pillow.probe import PillowProbe
from spike_pillow.rendition_maker import PillowRenditionMaker
from spike_pillow.upscaler import PillowUpscaler

ADAPTER_API: Final = 1


def open_engine(*, means: EngineResources) -> Engine:
    """Return the classical engine. Its cores and memory are fixed."""
    return classical_engine(pixels_max=means.pixels_max)


def classical_engine(*, pixels_max: int = PICTURE_PIXELS_MAX) -> Engine:
    """Return the classical engine, which needs no model, no GPU and no network.

    Its probe identifies pictures of up to `pixels_max` pixels.
    """
    return Engine(
        upscaler=PillowUpscaler(),
        blender=PillowBlender(),
        canvas_fitter=PillowCanvasFitter(),
        probe=PillowProbe(pixels_max=pixels_max),
        metadata=PillowMetadata(),
        rendition_maker=PillowRenditionMaker(),
    )
