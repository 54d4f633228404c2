"""Sandboxes for tests, with short timeouts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from attrs import evolve

from hostile_engine import hostile_engine
from spike_core.ports.engine import Engine
from spike_sandbox import BuildGenerator, Limits, Sandbox, Surroundings, Tools

ISOLATED: Final = Surroundings()
LIMITED: Final = Surroundings(isolation=None)  # for children that tell a test through a named pipe where they are
GENEROUS: Final = Limits(
    memory_bytes=1024 * 1024 * 1024, cpu_time=timedelta(seconds=60), wall_time=timedelta(seconds=60)
)


@contextmanager
def a_sandbox(
    load: Callable[[], Engine] = hostile_engine,
    *,
    generator: BuildGenerator | None = None,
    workers: int = 1,
    probes: int = 1,
    cpu_s: float = 60,
    look_s: float = 60,
    wall_s: float = 60,
    memory_mib: int = 1024,
    surroundings: Surroundings = ISOLATED,
) -> Iterator[Sandbox]:
    """Build one for an engine, and close it at the end."""
    limits = evolve(
        GENEROUS,
        memory_bytes=memory_mib * 1024 * 1024,
        cpu_time=timedelta(seconds=cpu_s),
        wall_time=timedelta(seconds=wall_s),
    )
    tools = Tools(engine=load, generator=generator)
    sandbox = Sandbox.of(
        tools,
        workers=workers,
        work_limits=limits,
        probes=probes,
        probe_limits=limits,
        surroundings=surroundings,
        look_time=timedelta(seconds=look_s),
    )
    try:
        yield sandbox
    finally:
        sandbox.close()
