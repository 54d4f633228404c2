"""The entry point `upscaler.neural`.

What it stands on is imported when an engine is built: the process that only chooses one mustn't hold it in memory.
"""

from importlib.util import find_spec

from attrs import evolve

from spike_core.domain.errors import UpscalerUnavailable
from spike_core.ports.factories import Engine, EngineResources
from spike_ncnn.networks import installed


def is_installed() -> bool:
    """Return whether the runtime is there, and the weights of a network."""
    runtime = all(find_spec(name) is not None for name in ("ncnn", "numpy"))
    return runtime and bool(installed())


def open_engine(*, means: EngineResources) -> Engine:
    """Return the neural engine; for blending, and for pictures that don't grow, it has the classical one.

    Raises:
        UpscalerUnavailable: the extra `neural` isn't installed.
    """
    if not is_installed():
        raise UpscalerUnavailable
    from spike_ncnn.enlarging import Enlarger  # noqa: PLC0415  # see the module's docstring
    from spike_ncnn.runner import Runner  # noqa: PLC0415  # see the module's docstring
    from spike_ncnn.upscaler import NcnnUpscaler  # noqa: PLC0415  # see the module's docstring

    classical = means.classical()
    enlarger = Enlarger(runner=Runner(threads=means.threads), memory_bytes=means.memory_bytes)
    return evolve(classical, upscaler=NcnnUpscaler(enlarger=enlarger, otherwise=classical.upscaler))
