"""The works that a child does, by name, and their answers as data: the child packs them, its parent unpacks them."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO, Final, Protocol

from attrs import define, field, frozen
from cattrs import Converter

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.fidelity import Comparison
from spike_core.domain.generation import Prompt
from spike_core.domain.images import PictureFacts, PictureIdentity
from spike_core.ports.canvas_fitter import CanvasFitter
from spike_core.ports.factories import Engine
from spike_core.ports.generator import Generator
from spike_core.ports.progress import ProgressMonitor
from spike_core.ports.upscaler import RenderedImage
from spike_sandbox.protocol import MalformedMessage

_converter: Final = Converter(detailed_validation=False)


class BuildGenerator(Protocol):
    """Builds a generator over the engine's framer."""

    def __call__(self, *, canvas_fitter: CanvasFitter) -> Generator:
        """Build it."""


@frozen(kw_only=True)
class Tools:
    """How a child builds what it works with, by functions that can be pickled."""

    engine: Callable[[], Engine]
    generator: BuildGenerator | None = None


@define
class Bench:
    """What a child works with; the generator is built when somebody wants a picture of it."""

    engine: Engine
    _tools: Tools
    _generator: Generator | None = None

    @classmethod
    def of(cls, tools: Tools) -> "Bench":
        """Build the engine."""
        return cls(tools.engine(), tools)

    @property
    def generator(self) -> Generator:
        """The generator."""
        if self._generator is None:
            assert self._tools.generator is not None, "only who has one orders from it"
            self._generator = self._tools.generator(canvas_fitter=self.engine.canvas_fitter)
        return self._generator


@frozen
class WorkOrder:
    """A piece of work: its name, the pictures that it is about, and sizes and words where it takes them."""

    do: str
    pictures: Sequence[BinaryIO]
    size: Dimensions | None = None
    canvas: Dimensions | None = field(default=None, kw_only=True)
    prompt: Prompt | None = None
    negative: Prompt | None = None

    @property
    def told(self) -> Mapping[str, Any]:
        """The order as data, without the pictures."""
        told = {"size": self.size, "canvas": self.canvas, "prompt": self.prompt, "negative": self.negative}
        return {"do": self.do, **_converter.unstructure(told)}


@frozen
class WorkResult:
    """What came of a piece of work: what is told of it, and a picture where it made one."""

    told: Any
    content: bytes | None = None


def perform(bench: Bench, order: Mapping[str, Any], pictures: Sequence[bytes], monitor: ProgressMonitor) -> WorkResult:
    """Do what the order tells, with these pictures.

    Raises:
        Exception: what the engine raises.
    """
    files = [io.BytesIO(picture) for picture in pictures]
    match order["do"]:
        case "identify":
            return WorkResult(_converter.unstructure(bench.engine.probe.identify(files[0])))
        case "inspect":
            return WorkResult(_converter.unstructure(bench.engine.probe.inspect(files[0])))
        case "compare":
            return WorkResult(_converter.unstructure(bench.engine.probe.compare(files[0], files[1])))
        case "enhance" | "fit" | "generate" | "modify":
            return _answer(_picture(bench, order, files, monitor))
        case _:
            return WorkResult(None, _content(bench.engine, order, files))


def _picture(
    bench: Bench, order: Mapping[str, Any], files: Sequence[BinaryIO], monitor: ProgressMonitor
) -> RenderedImage:
    match order["do"]:
        case "enhance":
            return bench.engine.upscaler.enhance(files[0], size=_size(order), monitor=monitor)
        case "fit":
            return bench.engine.canvas_fitter.fit(files[0], size=_size(order))
        case _:
            return _created(bench.generator, order, files)


def _content(engine: Engine, order: Mapping[str, Any], files: Sequence[BinaryIO]) -> bytes:
    match order["do"]:
        case "blend":
            return engine.blender.blend(files[0], files[1], size=_size(order))
        case "frame":
            return engine.canvas_fitter.frame(files[0], size=_size(order), canvas=_size(order, "canvas"))
        case "public":
            with engine.metadata.public(files[0]) as public:
                return public.read()
        case "with_metadata":
            return engine.metadata.with_metadata(files[0].read(), original=files[1])
        case unknown:
            raise AssertionError(f"no work is called {unknown}")


def _answer(picture: RenderedImage) -> WorkResult:
    told = _converter.unstructure(picture)
    return WorkResult(told, told.pop("content"))


def _created(generator: Generator, order: Mapping[str, Any], files: Sequence[BinaryIO]) -> RenderedImage:
    prompt, told = Prompt(order["prompt"]["text"]), order["negative"]
    negative = None if told is None else Prompt(told["text"])
    if files:
        return generator.modify(files[0], prompt, negative=negative, size=_size(order))
    return generator.generate(prompt, negative=negative, size=_size(order))


def _size(order: Mapping[str, Any], name: str = "size") -> Dimensions:
    return _converter.structure(order[name], Dimensions)


def identity_of(answer: WorkResult) -> PictureIdentity:
    """Return what `identify` found.

    Raises:
        Garbled: it isn't that.
    """
    try:
        return _converter.structure(answer.told, PictureIdentity)
    except Exception as error:  # whatever a converter and validators make of what may be anything
        raise MalformedMessage("this is no identity") from error


def facts_of(answer: WorkResult) -> PictureFacts:
    """Return what `inspect` found.

    Raises:
        Garbled: it isn't that.
    """
    try:
        return _converter.structure(answer.told, PictureFacts)
    except Exception as error:  # whatever a converter and validators make of what may be anything
        raise MalformedMessage("these are no facts") from error


def comparison_of(answer: WorkResult) -> Comparison:
    """Return what `compare` found.

    Raises:
        Garbled: it isn't that.
    """
    try:
        return _converter.structure(answer.told, Comparison)
    except Exception as error:  # as above
        raise MalformedMessage("this is no comparison") from error


def picture_of(answer: WorkResult) -> RenderedImage:
    """Return what `enhance`, `fit`, `generate` or `modify` made.

    Raises:
        Garbled: it isn't that.
    """
    try:
        return _converter.structure({**answer.told, "content": answer.content}, RenderedImage)
    except Exception as error:  # as above
        raise MalformedMessage("this is no picture") from error


def content_of(answer: WorkResult) -> bytes:
    """Return the picture that any other work made.

    Raises:
        Garbled: there is nothing.
    """
    if not answer.content:
        raise MalformedMessage("there is no picture")
    return answer.content
