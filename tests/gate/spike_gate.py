"""The entry point `upscaler.gate`: Pillow's engine behind a gate, so that a fault surely finds work in the middle.

A process finds it where this folder is on its `PYTHONPATH`. The gate is a folder, `SPIKE_TEST_GATE`: who comes to it
leaves a file, and waits while there is one named `shut`.
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
from spike_core.ports.factories import Engine, EngineResources
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage, Upscaler

SHUT: Final = "shut"
_PAUSE_S: Final = 0.01  # between two looks at the gate
_PATIENCE_S: Final = 60.0  # no test leaves it shut for so long


@frozen
class GatedUpscaler:
    """Works as another does, once the gate is open."""

    upscaler: Upscaler
    gate: Path

    def enhance(self, original: BinaryIO, *, size: Dimensions, monitor: ProgressMonitor = UNMONITORED) -> RenderedImage:
        """Come to the gate, wait, enhance."""
        (self.gate / uuid.uuid4().hex).touch()
        until_s = time.monotonic() + _PATIENCE_S
        while (self.gate / SHUT).exists() and time.monotonic() < until_s:
            time.sleep(_PAUSE_S)  # between two looks at what another process does
        return self.upscaler.enhance(original, size=size, monitor=monitor)


def open_engine(*, means: EngineResources) -> Engine:
    """Return Pillow's engine behind the gate.

    Where `SPIKE_TEST_CLOCK` names a file, put this process's clock wrong: the worker's own, if it has no sandbox.
    """
    if name := os.environ.get("SPIKE_TEST_CLOCK"):
        _put_wrong(Path(name))
    pillow = means.classical()
    return evolve(pillow, upscaler=GatedUpscaler(pillow.upscaler, Path(os.environ["SPIKE_TEST_GATE"])))


def _put_wrong(file: Path) -> None:
    """Let the machine's clock be wrong by the seconds in a file, which may change at any time."""

    def now(_clock: object) -> datetime:
        return datetime.now(tz=UTC) + timedelta(seconds=float(file.read_text()))

    vars(spike_system)["SystemClock"].now = now
