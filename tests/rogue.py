"""An engine that some pictures lead astray: what their bytes say, it does to its own process.

`a_rogue("work: segfault")` are the bytes of such a picture; they may also stand in the comment of a real one.
"""

import ctypes
import io
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, Final

from attrs import frozen

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.fidelity import Comparison
from spike_core.domain.images import PictureFacts, PictureIdentity
from spike_core.ports.plugins import Engine, EngineMeans
from spike_core.ports.upscaler import EnhancedPicture
from spike_core.ports.watch import UNWATCHED, Watch
from spike_memory import MemoryBlender, MemoryFramer, MemoryMetadata, MemoryProbe, MemoryUpscaler

_kept: Final[list[bytearray]] = []
_ROGUE: Final = re.compile(rb" ?rogue (look|work): ([\w -]+)(?: at (\S+))?;")


def a_rogue(deed: str) -> bytes:
    """Return a picture that does this: `look: …` to who looks at it, `work: …` to who works on it."""
    return f"rogue {deed};".encode()


def with_engine(factory: str, folder: Path) -> dict[str, str]:
    """Return the environment in which `spike` has an engine of this module's, as if its package were installed."""
    about = folder / "site" / "rogue-1.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: rogue\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[spike.adapters]\nupscaler.rogue = rogue:{factory}\n")
    return {"PYTHONPATH": f"{about.parent}{os.pathsep}{Path(__file__).parent}", "SPIKE_UPSCALER": "rogue"}


def rogue_engine() -> Engine:
    """Return an engine for made-up pictures, and rogues."""
    return _led_astray(
        Engine(
            upscaler=MemoryUpscaler(),
            blender=MemoryBlender(),
            framer=MemoryFramer(),
            probe=MemoryProbe(),
            metadata=MemoryMetadata(),
        )
    )


def rogue_pillow(*, means: EngineMeans) -> Engine:
    """Return an engine for real pictures, and rogues."""
    return _led_astray(means.classical())


def broken_engine() -> Engine:
    """Fail to be built."""
    raise RuntimeError("a model is missing")


def dying_engine(*, means: EngineMeans | None = None) -> Engine:  # noqa: ARG001  # a loader, and an entry point
    """Die of being built."""
    os._exit(3)


def _led_astray(engine: Engine) -> Engine:
    return Engine(
        upscaler=_RogueUpscaler(engine),
        blender=_RogueBlender(engine),
        framer=_RogueFramer(engine),
        probe=_RogueProbe(engine),
        metadata=engine.metadata,
    )


@frozen
class _RogueUpscaler:
    _engine: Engine

    def enhance(self, original: BinaryIO, *, size: Dimensions, watch: Watch = UNWATCHED) -> EnhancedPicture:
        return self._engine.upscaler.enhance(_obeyed("work", original, watch), size=size, watch=watch)


@frozen
class _RogueBlender:
    _engine: Engine

    def blend(self, original: BinaryIO, source: BinaryIO, *, size: Dimensions) -> bytes:
        pictures = [_obeyed("work", picture, UNWATCHED) for picture in (original, source)]
        return self._engine.blender.blend(*pictures, size=size)


@frozen
class _RogueFramer:
    _engine: Engine

    def frame(self, original: BinaryIO, *, size: Dimensions, canvas: Dimensions) -> bytes:
        return self._engine.framer.frame(_obeyed("work", original, UNWATCHED), size=size, canvas=canvas)

    def fit(self, picture: BinaryIO, *, size: Dimensions) -> EnhancedPicture:
        return self._engine.framer.fit(_obeyed("work", picture, UNWATCHED), size=size)


@frozen
class _RogueProbe:
    _engine: Engine

    def identify(self, content: BinaryIO) -> PictureIdentity:
        return self._engine.probe.identify(_obeyed("look", content, UNWATCHED))

    def inspect(self, content: BinaryIO) -> PictureFacts:
        return self._engine.probe.inspect(_obeyed("look", content, UNWATCHED))

    def compare(self, result: BinaryIO, original: BinaryIO) -> Comparison:
        return self._engine.probe.compare(*(_obeyed("look", content, UNWATCHED) for content in (result, original)))


def _obeyed(who: str, content: BinaryIO, watch: Watch) -> BinaryIO:
    """Do what the picture says; should we live, return it, a made-up one without its evil half."""
    data = content.read()
    match = _ROGUE.search(data)
    if match is not None and match[1].decode() == who:
        if match[3]:
            _wait_at(match[3].decode())
        _DEEDS[match[2].decode()](watch)
    return io.BytesIO(_ROGUE.sub(b"", data) if data.startswith(b"picture") else data)


def _wait_at(gate: str) -> None:
    """Write our process id into a named pipe, whose reader so learns that we are at work."""
    with open(gate, "w") as pipe:  # noqa: PTH123  # it is no path to look at, but a pipe to wait at
        pipe.write(str(os.getpid()))


def _eat(_watch: Watch) -> None:
    hoard = []
    while True:
        hoard.append(bytearray(b"x") * (16 * 1024 * 1024))


def _keep(_watch: Watch) -> None:
    """Keep 160 MB for good, as a library does that leaks."""
    _kept.append(bytearray(160_000_000))


def _eat_blindly(_watch: Watch) -> None:
    """Do as a library in C does that doesn't look at what it is given."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    while True:
        ctypes.memset(libc.malloc(ctypes.c_size_t(16 * 1024 * 1024)), 1, 16 * 1024 * 1024)


def _spin(_watch: Watch) -> None:
    while True:
        pass


def _report_forever(watch: Watch) -> None:
    while True:
        watch.report(0.5)


def _write_nonsense(_watch: Watch) -> None:
    """Write what is no message to whatever is open, our socket among it."""
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


def _segfault(_watch: Watch) -> None:
    ctypes.string_at(0)


def _divide_by_zero(_watch: Watch) -> None:
    raise ZeroDivisionError("a secret path: /srv/models")


_DEEDS: Final[Mapping[str, Callable[[Watch], None]]] = {
    "nothing": lambda _watch: None,
    "toil": lambda _watch: _toil(seconds=0.6),
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
    "raise": _divide_by_zero,
}


def _sleep() -> None:
    threading.Event().wait()
