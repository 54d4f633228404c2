"""Faults: engines that fail, a full store, a broker whose sender crashes, interrupted operations."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, BinaryIO

from attrs import define, frozen
from hypothesis import strategies as st

from spike_contracts.state_machine.crash_injection import Crash, CrashingQueue, FaultPlan
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import StorageUnavailable, UndecodablePicture, UpscalerUnavailable
from spike_core.domain.generation import Prompt
from spike_core.domain.objects import ObjectKey
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage, Upscaler
from spike_memory import MemoryBlobStore, MemoryBroker, MemoryGenerator, MemoryUpscaler
from spike_memory.engine import a_picture

SIZE = Dimensions(width_px=640, height_px=480)
UNSTORABLE = a_picture(Dimensions(width_px=640, height_px=481))
DEADLY = a_picture(Dimensions(width_px=640, height_px=482))
PICTURES = {
    "good": a_picture(SIZE),
    "blank": a_picture(SIZE, flaw="blank"),
    "located": a_picture(SIZE, flaw="located"),
    "corrupt": a_picture(SIZE, flaw="corrupt"),
    "junk": b"junk",
    "empty": b"",
    "unstorable": UNSTORABLE,
    "deadly": DEADLY,
}
ACCEPTABLE = {"good", "blank", "located"}
pictures = st.sampled_from([*["good"] * len(PICTURES), *sorted(PICTURES)])
MOODS = ["success", "success", "transient", "permanent", "bug", "wrong size"]


def pass_by() -> None:
    """Do nothing meanwhile."""


@frozen(kw_only=True)
class Trouble:
    """Where an operation is interrupted, if at all: after a number of steps, by a crash or a failing port."""

    after: int | None
    kills: bool

    def befalling(self, fault_plan: FaultPlan) -> AbstractContextManager[None]:
        """Inject the fault into the operation within the context."""
        return fault_plan.dying_after(self.after) if self.kills else fault_plan.failing_after(self.after)


crashes = st.none() | st.none() | st.integers(0, 25)
troubles = st.builds(Trouble, after=crashes, kills=st.booleans())


@define
class Mood:
    """The engines' next outcome, and what happens meanwhile."""

    kind: str = "success"
    meanwhile: Callable[[], object] = pass_by

    def shown(self, size: Dimensions) -> Dimensions:
        """Apply the outcome, and return the size of the result."""
        self.meanwhile()
        match self.kind:
            case "transient":
                raise UpscalerUnavailable
            case "permanent":
                raise UndecodablePicture
            case "bug":
                raise RuntimeError("a bug in the engine")
            case "wrong size":
                return Dimensions(width_px=1, height_px=1)
        return size


@frozen
class FlakyUpscaler(Upscaler):
    """Has the outcome that the machine has chosen."""

    _mood: Mood

    def enhance(
        self,
        original: BinaryIO,
        *,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
        monitor: ProgressMonitor = UNMONITORED,
    ) -> RenderedImage:
        return MemoryUpscaler().enhance(original, size=self._mood.shown(size), monitor=monitor, **options.as_arguments)


@frozen
class FlakyGenerator:
    """Has the outcome that the machine has chosen."""

    _mood: Mood

    def generate(
        self,
        prompt: Prompt,
        *,
        negative: Prompt | None,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
    ) -> RenderedImage:
        size = self._mood.shown(size)
        return MemoryGenerator().generate(prompt, negative=negative, size=size, options=options)

    def modify(
        self,
        original: BinaryIO,
        prompt: Prompt,
        *,
        negative: Prompt | None,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
    ) -> RenderedImage:
        size = self._mood.shown(size)
        return MemoryGenerator().modify(original, prompt, negative=negative, size=size, options=options)

    def ping(self) -> None:
        pass


class FlakyBlobStore(MemoryBlobStore):
    """A store that can be set to full, rejects one picture, and crashes the process at another.

    These two are recognized by their bytes, since several threads store the files of a batch, in any order.
    """

    full = False

    def put(self, key: ObjectKey, content: BinaryIO) -> None:
        start = content.tell()
        data = content.read()
        content.seek(start)
        if data == DEADLY:
            raise Crash
        if self.full or data == UNSTORABLE:
            raise StorageUnavailable
        super().put(key, content)


class CrashingBroker(MemoryBroker):
    """A broker whose sender crashes."""

    def __init__(self, fault_plan: FaultPlan) -> None:
        super().__init__()
        self._mortal = CrashingQueue(super().queue, fault_plan)

    @property
    def queue(self) -> Any:
        return self._mortal

    @property
    def held(self) -> Any:
        """The content of the queue."""
        return super().queue
