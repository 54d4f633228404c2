"""The entry point `upscaler.gate`: Pillow's engine behind a gate, so that faults hit an attempt in progress.

A process finds it if this folder is on its `PYTHONPATH`. The gate is a folder, `SPIKE_TEST_GATE`: each attempt creates
a file there, and waits while a file named `shut` exists.
"""

import os
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from attrs import evolve, frozen

import spike_system
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.ports.engine import Engine, EngineResources
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage, Upscaler

SHUT: Final = "shut"
_PAUSE_S: Final = 0.01  # between two checks of the gate
_PATIENCE_S: Final = 60.0  # no test leaves it shut longer


@frozen
class GatedUpscaler(Upscaler):
    """Delegates to another upscaler once the gate is open."""

    upscaler: Upscaler
    gate: Path

    def enhance(
        self,
        original: BinaryIO,
        *,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
        monitor: ProgressMonitor = UNMONITORED,
    ) -> RenderedImage:
        """Arrive at the gate, wait until it is open, and enhance."""
        (self.gate / uuid.uuid4().hex).touch()
        until_s = time.monotonic() + _PATIENCE_S
        while (self.gate / SHUT).exists() and time.monotonic() < until_s:
            time.sleep(_PAUSE_S)  # polls another process's files
        return self.upscaler.enhance(original, size=size, monitor=monitor, **options.as_arguments)


def open_engine(*, means: EngineResources) -> Engine:
    """Return Pillow's engine behind the gate.

    If `SPIKE_TEST_CLOCK` names a file, shift this process's clock: the worker's own, if there is no sandbox.
    """
    if name := os.environ.get("SPIKE_TEST_CLOCK"):
        _put_wrong(Path(name))
    pillow = means.classical()
    return evolve(pillow, upscaler=GatedUpscaler(pillow.upscaler, Path(os.environ["SPIKE_TEST_GATE"])))


def _put_wrong(file: Path) -> None:
    """Shift the machine's clock by the seconds in a file, which may change at any time."""

    def now(_clock: object) -> datetime:
        return datetime.now(tz=UTC) + timedelta(seconds=float(file.read_text()))

    vars(spike_system)["SystemClock"].now = now
