"""An engine that simulates a vulnerable decoder: it does to its own process what a picture's bytes say.

`a_hostile_engine("work: segfault")` are the bytes of such a picture; they may also be in the comment of a real one.
"""

import ctypes
import io
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, Final

from attrs import frozen

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.fidelity import Comparison
from spike_core.domain.images import PictureFacts, PictureIdentity
from spike_core.domain.limits import PICTURE_PIXELS_MAX
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.ports.engine import Engine, EngineResources
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage, Upscaler

_kept: Final[list[bytearray]] = []
_HOSTILE: Final = re.compile(rb" ?hostile (look|work): ([\w -]+)(?: at (\S+))?;")


def a_hostile_engine(deed: str) -> bytes:
    """Return a picture that does this: `look: …` to a process that probes it, `work: …` to one that works on it."""
    return f"hostile {deed};".encode()


def with_engine(factory: str, folder: Path) -> dict[str, str]:
    """Return an environment in which `spike` finds an engine of this module, as if its package were installed."""
    about = folder / "site" / "hostile-1.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: hostile\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[spike.adapters]\nupscaler.hostile = hostile_engine:{factory}\n")
    return {"PYTHONPATH": f"{about.parent}{os.pathsep}{Path(__file__).parent}", "SPIKE_UPSCALER": "hostile"}


def hostile_engine() -> Engine:
    """Return an engine for artificial and hostile pictures."""
    from spike_memory import (  # noqa: PLC0415  # which takes a child longer to import than it takes to start
        MemoryBlender,
        MemoryCanvasFitter,
        MemoryMetadata,
        MemoryProbe,
        MemoryUpscaler,
    )

    return _led_astray(
        Engine(
            upscaler=MemoryUpscaler(),
            blender=MemoryBlender(),
            canvas_fitter=MemoryCanvasFitter(),
            probe=MemoryProbe(),
            metadata=MemoryMetadata(),
        )
    )


def hostile_pillow(*, means: EngineResources) -> Engine:
    """Return an engine for real and hostile pictures."""
    return _led_astray(means.classical())


def late_engine(gate: Path) -> Engine:
    """Return an engine for artificial pictures once something has been written into a named pipe."""
    gate.read_text()
    return hostile_engine()


def broken_engine() -> Engine:
    """Raise an error, as an engine that can't be built does."""
    raise RuntimeError("a model is missing")


def dying_engine(*, means: EngineResources | None = None) -> Engine:  # noqa: ARG001  # a loader, and an entry point
    """Crash, as an engine whose library crashes does."""
    os._exit(3)


def _led_astray(engine: Engine) -> Engine:
    return Engine(
        upscaler=_HostileUpscaler(engine),
        blender=_HostileBlender(engine),
        canvas_fitter=_HostileFramer(engine),
        probe=_HostileProbe(engine),
        metadata=engine.metadata,
    )


@frozen
class _HostileUpscaler(Upscaler):
    _engine: Engine

    def enhance(
        self,
        original: BinaryIO,
        *,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
        monitor: ProgressMonitor = UNMONITORED,
    ) -> RenderedImage:
        return self._engine.upscaler.enhance(
            _obeyed("work", original, monitor), size=size, monitor=monitor, **options.as_arguments
        )


@frozen
class _HostileBlender:
    _engine: Engine

    def blend(self, original: BinaryIO, source: BinaryIO, *, size: Dimensions) -> bytes:
        pictures = [_obeyed("work", picture, UNMONITORED) for picture in (original, source)]
        return self._engine.blender.blend(*pictures, size=size)


@frozen
class _HostileFramer:
    _engine: Engine

    def frame(self, original: BinaryIO, *, size: Dimensions, canvas: Dimensions) -> bytes:
        return self._engine.canvas_fitter.frame(_obeyed("work", original, UNMONITORED), size=size, canvas=canvas)

    def fit(self, picture: BinaryIO, *, size: Dimensions, options: RenderOptions = DEFAULT_OPTIONS) -> RenderedImage:
        return self._engine.canvas_fitter.fit(_obeyed("work", picture, UNMONITORED), size=size, options=options)


@frozen
class _HostileProbe:
    _engine: Engine

    def identify(self, content: BinaryIO) -> PictureIdentity:
        return self._engine.probe.identify(_obeyed("look", content, UNMONITORED))

    def inspect(self, content: BinaryIO, *, pixels_max: int = PICTURE_PIXELS_MAX) -> PictureFacts:
        return self._engine.probe.inspect(_obeyed("look", content, UNMONITORED))

    def compare(self, result: BinaryIO, original: BinaryIO) -> Comparison:
        return self._engine.probe.compare(*(_obeyed("look", content, UNMONITORED) for content in (result, original)))


def _obeyed(who: str, content: BinaryIO, monitor: ProgressMonitor) -> BinaryIO:
    """Do what the picture says; if the process survives, return it, or an artificial one without its hostile half."""
    data = content.read()
    match = _HOSTILE.search(data)
    if match is not None and match[1].decode() == who:
        if match[3]:
            _wait_at(match[3].decode())
        _DEEDS[match[2].decode()](monitor)
    return io.BytesIO(_HOSTILE.sub(b"", data) if data.startswith(b"picture") else data)


def _wait_at(gate: str) -> None:
    """Write the process id into a named pipe, to notify its reader that the work has begun."""
    with open(gate, "w") as pipe:  # noqa: PTH123  # it is no path to look at, but a pipe to wait at
        pipe.write(str(os.getpid()))


def _eat(_watch: ProgressMonitor) -> None:
    hoard = []
    while True:
        hoard.append(bytearray(b"x") * (16 * 1024 * 1024))


def _keep(_watch: ProgressMonitor) -> None:
    """Leak 160 MB."""
    _kept.append(bytearray(160_000_000))


def _eat_blindly(_watch: ProgressMonitor) -> None:
    """Crash as a C library does that doesn't validate its input."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    while True:
        ctypes.memset(libc.malloc(ctypes.c_size_t(16 * 1024 * 1024)), 1, 16 * 1024 * 1024)


def _spin(_watch: ProgressMonitor) -> None:
    while True:
        pass


def _report_forever(monitor: ProgressMonitor) -> None:
    while True:
        monitor.report(0.5)


def _write_nonsense(_watch: ProgressMonitor) -> None:
    """Write invalid messages to all open descriptors, including the socket to the parent."""
    for number in range(3, 64):
        try:
            os.write(number, b"\xff" * 4096)
        except OSError:
            continue
    threading.Event().wait()


def _toil(*, seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def _segfault(_watch: ProgressMonitor) -> None:
    ctypes.string_at(0)


def _divide_by_zero(_watch: ProgressMonitor) -> None:
    raise ZeroDivisionError("a secret path: /srv/models")


_DEEDS: Final[Mapping[str, Callable[[ProgressMonitor], None]]] = {
    "nothing": lambda _watch: None,
    "toil": lambda _watch: _toil(seconds=0.4),
    "segfault": _segfault,
    "abort": lambda _watch: os.abort(),
    "exit": lambda _watch: os._exit(0),
    "kill": lambda _watch: os.kill(os.getpid(), signal.SIGKILL),
    "eat": _eat,
    "keep": _keep,
    "eat blindly": _eat_blindly,
    "spin": _spin,
    "spin in C": lambda _watch: pow(3, 3 * 10**8),
    "sleep": lambda _watch: _sleep(),
    "report": _report_forever,
    "nonsense": _write_nonsense,
    "execute": lambda _watch: os.execv(sys.executable, [sys.executable, "-c", ""]),  # noqa: S606  # as an attack does
    "raise": _divide_by_zero,
}


def _sleep() -> None:
    threading.Event().wait()
