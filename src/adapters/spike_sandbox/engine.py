"""An engine whose work is done in child processes, so that a malicious or defective picture can only crash a child."""

import io
import logging
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import BinaryIO, Final, TypeVar

from attrs import field, frozen

from spike_core.domain.analysis import Analysis
from spike_core.domain.catalog import SPECIFIED, Catalog
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import GeneratorUnavailable, UpscalerUnavailable, WorkKilled
from spike_core.domain.fidelity import Comparison
from spike_core.domain.generation import Prompt
from spike_core.domain.images import PictureFacts, PictureIdentity
from spike_core.domain.limits import PICTURE_PIXELS_MAX
from spike_core.domain.render_options import DEFAULT_OPTIONS, FAITHFUL_ONLY, Mode, RenderOptions
from spike_core.ports.engine import Engine
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.rendition_maker import MadeRenditions
from spike_core.ports.upscaler import RenderedImage
from spike_sandbox.attack_attempts import Attempt
from spike_sandbox.child_exits import ChildExit
from spike_sandbox.child_tasks import (
    Tools,
    WorkOrder,
    WorkResult,
    analysis_of,
    comparison_of,
    content_of,
    facts_of,
    identity_of,
    picture_of,
    renditions_of,
)
from spike_sandbox.isolation import ISOLATED, Layer, Surroundings
from spike_sandbox.limits import Limits
from spike_sandbox.pool import ChildPool

_Result = TypeVar("_Result")
RENDITIONS_AT_ONCE: Final = 1  # pictures
_log: Final = logging.getLogger(__name__)


@frozen(kw_only=True)
class Sandbox:
    """Three pools of children with the same engine: jobs, uploads and renditions don't wait for each other."""

    work_pool: ChildPool
    probe_pool: ChildPool
    rendition_pool: ChildPool
    look_time: timedelta  # the processor time to look at an upload
    catalog: Catalog = SPECIFIED  # whose sizes limit the processor time of work
    modes: frozenset[Mode] = FAITHFUL_ONLY  # that the engine in the children offers
    engine: Engine = field(init=False)

    @engine.default
    def _engine_of_children(self) -> Engine:
        return Engine(
            upscaler=SandboxedUpscaler(
                self.work_pool, self.catalog, probe_pool=self.probe_pool, look_time=self.look_time
            ),
            blender=SandboxedBlender(self.work_pool, self.catalog),
            canvas_fitter=SandboxedCanvasFitter(self.work_pool),
            probe=SandboxedProbe(probe_pool=self.probe_pool, work_pool=self.work_pool, look_time=self.look_time),
            metadata=SandboxedMetadata(probe_pool=self.probe_pool, work_pool=self.work_pool, look_time=self.look_time),
            modes=self.modes,
            rendition_maker=SandboxedRenditionMaker(self.rendition_pool),
        )

    @classmethod
    def of(
        cls,
        tools: Tools,
        *,
        workers: int,
        work_limits: Limits,
        probes: int,
        probe_limits: Limits,
        surroundings: Surroundings = ISOLATED,
        look_time: timedelta | None = None,
        catalog: Catalog = SPECIFIED,
        modes: frozenset[Mode] = FAITHFUL_ONLY,
    ) -> "Sandbox":
        """Return a sandbox whose children each build these tools; `look_time` defaults to that of all probes.

        No child is started yet. At most `workers` tasks, `probes` probes and the renditions of one picture run at once.

        Raises:
            TypeError, AttributeError, pickle.PicklingError: the tools can't be pickled.
        """
        pickled = pickle.dumps(tools)
        return cls(
            work_pool=ChildPool(
                pickled_tools=pickled, limits=work_limits, surroundings=surroundings, size=workers, name="work"
            ),
            probe_pool=ChildPool(
                pickled_tools=pickled, limits=probe_limits, surroundings=surroundings, size=probes, name="probe"
            ),
            rendition_pool=ChildPool(
                pickled_tools=pickled,
                limits=probe_limits,
                surroundings=surroundings,
                size=RENDITIONS_AT_ONCE,
                name="rendition",
            ),
            look_time=look_time or probe_limits.cpu_time,
            catalog=catalog,
            modes=modes,
        )

    @property
    def generator(self) -> "SandboxedGenerator":
        """The generator; the tools must have one."""
        return SandboxedGenerator(self.work_pool)

    def check(self) -> None:
        """Check that each pool can provide a child.

        Raises:
            UpscalerUnavailable: one can't.
        """
        for pool in (self.probe_pool, self.work_pool):
            with pool.one():
                pass

    def lacking(self) -> Mapping[Layer, str]:
        """Return the layers of isolation that this machine refuses, and the reasons.

        Raises:
            UpscalerUnavailable: no child can be provided.
        """
        with self.work_pool.one() as child:
            return child.lacking

    def attempt(self, what: Attempt, *, on: str = "") -> str:
        """Have a child try what an attacker would; return why it was refused, or an empty text if it wasn't.

        Raises:
            UpscalerUnavailable: no child can be provided.
        """
        with self.work_pool.one() as child:
            return child.attempt(what, on=on)

    def close(self) -> None:
        """Close the pools; tasks in progress are killed."""
        self.work_pool.close()
        self.probe_pool.close()
        self.rendition_pool.close()


@frozen
class SandboxedUpscaler:
    """Delegates to an upscaler in a child process."""

    _pool: ChildPool
    _catalog: Catalog = SPECIFIED
    _probe_pool: ChildPool = field(kw_only=True)
    _look_time: timedelta = field(kw_only=True)

    def enhance(
        self,
        original: BinaryIO,
        *,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
        monitor: ProgressMonitor = UNMONITORED,
    ) -> RenderedImage:
        """Return the enhanced picture; see the port. `monitor` is called at least twice a second and may cancel.

        Raises:
            WorkKilled: the child exited before it was done.
        """
        order = _for_result("enhance", [original], size, pool=self._pool, catalog=self._catalog, options=options)
        return _work(self._pool, order, picture_of, monitor)

    def analyze(self, original: BinaryIO, *, size: Dimensions, options: RenderOptions = DEFAULT_OPTIONS) -> Analysis:
        """Return what the engine finds; see the port. Analyses are probes: no job waits for them.

        Raises:
            UndecodablePicture: also if it crashed the child.
            TooSlowToDecode: it exceeded the limit on processor time.
            UpscalerUnavailable: the child exited for another reason, or none can be provided.
        """
        order = WorkOrder("analyze", [original], size, options=options, cpu_time=self._look_time)
        return _probe(self._probe_pool, order, analysis_of)


@frozen
class SandboxedBlender:
    """Delegates to a blender in a child process."""

    _pool: ChildPool
    _catalog: Catalog = SPECIFIED

    def blend(self, original: BinaryIO, source: BinaryIO, *, size: Dimensions) -> bytes:
        """Return the blended picture; see the port.

        Raises:
            WorkKilled: the child exited before it was done.
        """
        order = _for_result("blend", [original, source], size, pool=self._pool, catalog=self._catalog)
        return _work(self._pool, order, content_of, UNMONITORED)


@frozen
class SandboxedCanvasFitter:
    """Delegates to a canvas fitter in a child process."""

    _pool: ChildPool

    def frame(self, original: BinaryIO, *, size: Dimensions, canvas: Dimensions) -> bytes:
        """Return the original on a canvas; see the port.

        Raises:
            WorkKilled: the child exited before it was done.
        """
        return _work(self._pool, WorkOrder("frame", [original], size, canvas=canvas), content_of, UNMONITORED)

    def fit(self, picture: BinaryIO, *, size: Dimensions, options: RenderOptions = DEFAULT_OPTIONS) -> RenderedImage:
        """Return the center of a picture; see the port.

        Raises:
            WorkKilled: the child exited before it was done.
        """
        return _work(self._pool, WorkOrder("fit", [picture], size, options=options), picture_of, UNMONITORED)


@frozen
class SandboxedGenerator:
    """Delegates to a generator in a child process."""

    _pool: ChildPool

    def generate(
        self,
        prompt: Prompt,
        *,
        negative: Prompt | None,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
    ) -> RenderedImage:
        """Return a picture of what the prompt describes; see the port.

        Raises:
            WorkKilled: the child exited before it was done.
        """
        return _work(
            self._pool, WorkOrder("generate", [], size, prompt, negative, options=options), picture_of, UNMONITORED
        )

    def modify(
        self,
        original: BinaryIO,
        prompt: Prompt,
        *,
        negative: Prompt | None,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
    ) -> RenderedImage:
        """Return the original modified by the prompt; see the port.

        Raises:
            WorkKilled: the child exited before it was done.
        """
        return _work(
            self._pool,
            WorkOrder("modify", [original], size, prompt, negative, options=options),
            picture_of,
            UNMONITORED,
        )

    def ping(self) -> None:
        """Check that a child can be provided; see the port."""
        try:
            with self._pool.one():
                pass
        except UpscalerUnavailable as error:
            raise GeneratorUnavailable from error


@frozen(kw_only=True)
class SandboxedProbe:
    """Delegates to a probe in a child process.

    Uploads are identified in the probe pool, and results are checked in the work pool, so no job waits for uploads.
    Looks at uploads are limited to less time than checks of results.
    """

    probe_pool: ChildPool
    work_pool: ChildPool
    look_time: timedelta

    def identify(self, content: BinaryIO) -> PictureIdentity:
        """Identify the picture; see the port.

        Raises:
            UndecodablePicture: also if it crashed the child.
            TooSlowToDecode: it exceeded the limit on processor time.
            UpscalerUnavailable: the child exited for another reason, or none can be provided.
        """
        return _probe(self.probe_pool, WorkOrder("identify", [content], cpu_time=self.look_time), identity_of)

    def inspect(self, content: BinaryIO, *, pixels_max: int = PICTURE_PIXELS_MAX) -> PictureFacts:
        """Identify the picture and describe its appearance; see the port.

        Raises:
            UndecodablePicture, UpscalerUnavailable: as in `identify`.
        """
        return _probe(self.work_pool, WorkOrder("inspect", [content], pixels_max=pixels_max), facts_of)

    def compare(self, result: BinaryIO, original: BinaryIO) -> Comparison:
        """Compare a result with its original; see the port.

        Raises:
            UndecodablePicture, UpscalerUnavailable: as in `identify`, for either picture.
        """
        return _probe(self.work_pool, WorkOrder("compare", [result, original]), comparison_of)


@frozen(kw_only=True)
class SandboxedMetadata:
    """Removes metadata from uploads in the probe pool, and adds metadata to results in the work pool."""

    probe_pool: ChildPool
    work_pool: ChildPool
    look_time: timedelta

    @contextmanager
    def public(self, content: BinaryIO) -> Iterator[BinaryIO]:
        """Open the picture without private metadata; see the port.

        Raises:
            UndecodablePicture: also if it crashed the child.
            TooSlowToDecode: it exceeded the limit on processor time.
            UpscalerUnavailable: the child exited for another reason, or none can be provided.
        """
        yield io.BytesIO(_probe(self.probe_pool, WorkOrder("public", [content], cpu_time=self.look_time), content_of))

    def with_metadata(self, picture: bytes, *, original: BinaryIO) -> bytes:
        """Return a result with the original's metadata; see the port.

        Raises:
            WorkKilled: the child exited before it was done.
        """
        try:
            return _work(
                self.work_pool, WorkOrder("with_metadata", [io.BytesIO(picture), original]), content_of, UNMONITORED
            )
        finally:
            original.seek(0)


@frozen
class SandboxedRenditionMaker:
    """Delegates to a rendition maker in a child process of its own pool: neither uploads nor jobs wait for it."""

    _pool: ChildPool

    def make(self, picture: BinaryIO) -> MadeRenditions:
        """Return the picture's renditions; see the port.

        Raises:
            UndecodablePicture: also if it crashed the child.
            TooSlowToDecode: it exceeded the limit on processor time.
            UpscalerUnavailable: the child exited for another reason, or none can be provided.
        """
        return _probe(self._pool, WorkOrder("renditions", [picture]), renditions_of)

    def make_card(self, before: BinaryIO, after: BinaryIO) -> bytes:
        """Return a card; see the port.

        Raises:
            UndecodablePicture: also if a picture crashed the child.
            UpscalerUnavailable: as in `make`.
        """
        return _probe(self._pool, WorkOrder("card", [before, after]), content_of)


def _for_result(
    do: str,
    pictures: Sequence[BinaryIO],
    size: Dimensions,
    *,
    pool: ChildPool,
    catalog: Catalog,
    options: RenderOptions = DEFAULT_OPTIONS,
) -> WorkOrder:
    """Return the order for a result of this size, which limits the processor time."""
    share = catalog.work_share(size.longest_side_px)
    whole = pool.limits.cpu_time / catalog.largest_work_share
    return WorkOrder(do, pictures, size, cpu_time=share * whole, options=options)


def _probe(pool: ChildPool, order: WorkOrder, read: Callable[[WorkResult], _Result]) -> _Result:
    try:
        with pool.one() as child:
            return child.work(order, read=read, monitor=UNMONITORED)
    except ChildExit as exit_:
        _log.warning("probing a picture failed: %s", exit_)
        raise (exit_.refusal or UpscalerUnavailable()) from exit_
    finally:
        for picture in order.pictures:
            picture.seek(0)


def _work(
    pool: ChildPool, order: WorkOrder, read: Callable[[WorkResult], _Result], monitor: ProgressMonitor
) -> _Result:
    try:
        with pool.one() as child:
            return child.work(order, read=read, monitor=monitor)
    except ChildExit as exit_:
        _log.warning("work on a picture failed: %s", exit_)
        raise WorkKilled(exit_.reason) from exit_
