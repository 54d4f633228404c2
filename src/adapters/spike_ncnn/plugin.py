"""The entry point `upscaler.neural`.

Its dependencies are imported when an engine is built, so that a process that only selects one doesn't load them.
"""

from importlib.util import find_spec
from typing import Final

from attrs import evolve

from spike_core.domain.errors import UpscalerUnavailable
from spike_core.domain.render_options import FAITHFUL_ONLY, Mode
from spike_core.ports.engine import Engine, EngineResources
from spike_ncnn.networks import ANIME, installed
from spike_ncnn.options import DEFAULTS, NeuralOptions, Quality
from spike_openvino import computes_bfloat16

ADAPTER_API: Final = 1


def is_installed() -> bool:
    """Return whether the runtime and the weights of at least one network are installed."""
    runtime = all(find_spec(name) is not None for name in ("ncnn", "numpy"))
    return runtime and bool(installed())


def modes() -> frozenset[Mode]:
    """Return the modes that the installed networks offer."""
    return frozenset(Mode) if ANIME.is_installed else FAITHFUL_ONLY


def open_engine(*, means: EngineResources, options: NeuralOptions = DEFAULTS) -> Engine:
    """Return the neural engine, which uses the classical one's probe, and for pictures that don't grow its upscaler.

    Raises:
        UpscalerUnavailable: the extra `neural` isn't installed.
    """
    if not is_installed():
        raise UpscalerUnavailable
    from spike_ncnn.modes import Modes  # noqa: PLC0415  # see the module's docstring
    from spike_ncnn.runner import Runner  # noqa: PLC0415  # see the module's docstring
    from spike_ncnn.runtimes import opened_runtime  # noqa: PLC0415  # see the module's docstring
    from spike_ncnn.tiled_enlargement import Enlarger  # noqa: PLC0415  # see the module's docstring
    from spike_ncnn.upscaler import NcnnUpscaler  # noqa: PLC0415  # see the module's docstring

    classical = means.classical()
    runner = Runner(threads=means.cores, runtime=opened_runtime(options, threads=means.cores))
    enlarger = Enlarger(runner=runner, memory_bytes=means.memory_bytes)
    networks = Modes(is_best=options.quality is Quality.BEST, is_fast=options.uses_openvino and computes_bfloat16())
    upscaler = NcnnUpscaler(
        enlarger=enlarger,
        modes=networks,
        otherwise=classical.upscaler,
        probe=classical.probe,
        work_time_s=means.work_time_s,
    )
    return evolve(classical, upscaler=upscaler, modes=modes())
