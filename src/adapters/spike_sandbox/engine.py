"""An engine whose work is done by children: whatever a picture does, it does to a process that can be spared."""

import io
import logging
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, TypeVar

from attrs import field, frozen

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import GeneratorUnavailable, UndecodablePicture, UpscalerUnavailable, WorkKilled
from spike_core.domain.fidelity import Comparison
from spike_core.domain.generation import Prompt
from spike_core.domain.images import PictureFacts, PictureIdentity
from spike_core.ports.factories import Engine
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage
from spike_sandbox.children import Children
from spike_sandbox.exits import ChildExit
from spike_sandbox.limits import Limits
from spike_sandbox.work import (
    Tools,
    WorkOrder,
    WorkResult,
    comparison_of,
    content_of,
    facts_of,
    identity_of,
    picture_of,
)

_Result = TypeVar("_Result")
_log: Final = logging.getLogger(__name__)


@frozen(kw_only=True)
class Sandbox:
    """Two kinds of children over one engine: those that work, and those that take a look, who are never kept waiting
    by the work.
    """

    works: Children
    looks: Children
    engine: Engine = field(init=False)

    @engine.default
    def _engine_of_children(self) -> Engine:
        return Engine(
            upscaler=SandboxedUpscaler(self.works),
            blender=SandboxedBlender(self.works),
            canvas_fitter=SandboxedCanvasFitter(self.works),
            probe=SandboxedProbe(self.looks),
            metadata=SandboxedMetadata(looks=self.looks, works=self.works),
        )

    @classmethod
    def over(cls, tools: Tools, *, workers: int, work_limits: Limits, probes: int, look_limits: Limits) -> "Sandbox":
        """Return a sandbox in whose children these tools are built, in each anew.

        No child is started yet. At most `workers` work and `probes` look at once.

        Raises:
            TypeError, AttributeError, pickle.PicklingError: the tools can't be pickled.
        """
        pickled = pickle.dumps(tools)
        return cls(
            works=Children(pickled_tools=pickled, limits=work_limits, size=workers, name="work on pictures"),
            looks=Children(pickled_tools=pickled, limits=look_limits, size=probes, name="looks at pictures"),
        )

    @property
    def generator(self) -> "SandboxedGenerator":
        """The generator, for tools that have one."""
        return SandboxedGenerator(self.works)

    def try_out(self) -> None:
        """Have a child of each kind, and give it back.

        Raises:
            UpscalerUnavailable: there is none to be had.
        """
        for children in (self.looks, self.works):
            with children.one():
                pass

    def close(self) -> None:
        """End the children; those at work don't come to the end of it."""
        self.works.close()
        self.looks.close()


@frozen
class SandboxedUpscaler:
    """Has another upscaler's work done by children."""

    _children: Children

    def enhance(self, original: BinaryIO, *, size: Dimensions, monitor: ProgressMonitor = UNMONITORED) -> RenderedImage:
        """Return the enhanced picture; see the port. `monitor` is asked twice a second, too, whether anybody waits.

        Raises:
            WorkKilled: the child didn't live to the end of the work.
        """
        return _worked(self._children, WorkOrder("enhance", [original], size), picture_of, monitor)


@frozen
class SandboxedBlender:
    """Has another blender's work done by children."""

    _children: Children

    def blend(self, original: BinaryIO, source: BinaryIO, *, size: Dimensions) -> bytes:
        """Return the merged picture; see the port.

        Raises:
            WorkKilled: the child didn't live to the end of the work.
        """
        return _worked(self._children, WorkOrder("blend", [original, source], size), content_of, UNMONITORED)


@frozen
class SandboxedCanvasFitter:
    """Has another framer's work done by children."""

    _children: Children

    def frame(self, original: BinaryIO, *, size: Dimensions, canvas: Dimensions) -> bytes:
        """Return the original on a canvas; see the port.

        Raises:
            WorkKilled: the child didn't live to the end of the work.
        """
        return _worked(self._children, WorkOrder("frame", [original], size, canvas=canvas), content_of, UNMONITORED)

    def fit(self, picture: BinaryIO, *, size: Dimensions) -> RenderedImage:
        """Return the middle of a picture; see the port.

        Raises:
            WorkKilled: the child didn't live to the end of the work.
        """
        return _worked(self._children, WorkOrder("fit", [picture], size), picture_of, UNMONITORED)


@frozen
class SandboxedGenerator:
    """Has another generator's work done by children."""

    _children: Children

    def generate(self, prompt: Prompt, *, negative: Prompt | None, size: Dimensions) -> RenderedImage:
        """Return a picture of the words; see the port.

        Raises:
            WorkKilled: the child didn't live to the end of the work.
        """
        return _worked(self._children, WorkOrder("generate", [], size, prompt, negative), picture_of, UNMONITORED)

    def modify(self, original: BinaryIO, prompt: Prompt, *, negative: Prompt | None, size: Dimensions) -> RenderedImage:
        """Return the original changed; see the port.

        Raises:
            WorkKilled: the child didn't live to the end of the work.
        """
        return _worked(self._children, WorkOrder("modify", [original], size, prompt, negative), picture_of, UNMONITORED)

    def ping(self) -> None:
        """Have a child; see the port."""
        try:
            with self._children.one():
                pass
        except UpscalerUnavailable as error:
            raise GeneratorUnavailable from error


@frozen
class SandboxedProbe:
    """Has pictures looked at by children."""

    _children: Children

    def identify(self, content: BinaryIO) -> PictureIdentity:
        """Return what the picture is; see the port.

        Raises:
            UndecodablePicture: also where it brought the child down.
            UpscalerUnavailable: the child was ended otherwise, or there is none.
        """
        return _looked(self._children, WorkOrder("identify", [content]), identity_of)

    def inspect(self, content: BinaryIO) -> PictureFacts:
        """Return what the picture is, and how it looks; see the port.

        Raises:
            UndecodablePicture, UpscalerUnavailable: as in `identify`.
        """
        return _looked(self._children, WorkOrder("inspect", [content]), facts_of)

    def compare(self, result: BinaryIO, original: BinaryIO) -> Comparison:
        """Return how a result differs from its original; see the port.

        Raises:
            UndecodablePicture, UpscalerUnavailable: as in `identify`, for either picture.
        """
        return _looked(self._children, WorkOrder("compare", [result, original]), comparison_of)


@frozen(kw_only=True)
class SandboxedMetadata:
    """Has metadata taken out of uploads by children that look, and put into results by children that work."""

    looks: Children
    works: Children

    @contextmanager
    def public(self, content: BinaryIO) -> Iterator[BinaryIO]:
        """Open the picture as everybody may have it; see the port.

        Raises:
            UndecodablePicture: also where it brought the child down.
            UpscalerUnavailable: the child was ended otherwise, or there is none.
        """
        yield io.BytesIO(_looked(self.looks, WorkOrder("public", [content]), content_of))

    def with_metadata(self, picture: bytes, *, original: BinaryIO) -> bytes:
        """Return a result with what the original tells; see the port.

        Raises:
            WorkKilled: the child didn't live to the end of the work.
        """
        try:
            return _worked(
                self.works, WorkOrder("with_metadata", [io.BytesIO(picture), original]), content_of, UNMONITORED
            )
        finally:
            original.seek(0)


def _looked(children: Children, order: WorkOrder, read: Callable[[WorkResult], _Result]) -> _Result:
    try:
        with children.one() as child:
            return child.work(order, read=read, monitor=UNMONITORED)
    except ChildExit as end:
        _log.warning("a look at a picture was cut short: %s", end)
        raise (UndecodablePicture if end.is_the_pictures_fault else UpscalerUnavailable) from end
    finally:
        for picture in order.pictures:
            picture.seek(0)


def _worked(
    children: Children, order: WorkOrder, read: Callable[[WorkResult], _Result], monitor: ProgressMonitor
) -> _Result:
    try:
        with children.one() as child:
            return child.work(order, read=read, monitor=monitor)
    except ChildExit as end:
        _log.warning("work on a picture was cut short: %s", end)
        raise WorkKilled(end.told) from end
