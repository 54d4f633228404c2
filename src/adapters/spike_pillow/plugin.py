"""The entry point `upscaler.classical`."""

from spike_core.ports.plugins import Engine, EngineMeans
from spike_pillow.blender import PillowBlender
from spike_pillow.framer import PillowFramer
from spike_pillow.metadata import PillowMetadata
from spike_pillow.probe import PillowProbe
from spike_pillow.upscaler import PillowUpscaler


def open_engine(*, means: EngineMeans) -> Engine:  # noqa: ARG001  # it takes what little it needs
    """Return the classical engine."""
    return classical_engine()


def classical_engine() -> Engine:
    """Return the classical engine; it needs no model, no GPU and no network."""
    return Engine(
        upscaler=PillowUpscaler(),
        blender=PillowBlender(),
        framer=PillowFramer(),
        probe=PillowProbe(),
        metadata=PillowMetadata(),
    )
