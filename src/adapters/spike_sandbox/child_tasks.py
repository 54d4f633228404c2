"""The tasks that a child performs, and their results as data: the child serializes, the parent deserializes."""

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, BinaryIO, Final, Protocol

from attrs import define, field, frozen
from cattrs import Converter

from spike_core.domain.analysis import Analysis
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UpscalerUnavailable
from spike_core.domain.fidelity import Comparison
from spike_core.domain.generation import Prompt
from spike_core.domain.images import PictureFacts, PictureIdentity
from spike_core.domain.limits import PICTURE_PIXELS_MAX
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.ports.canvas_fitter import CanvasFitter
from spike_core.ports.engine import Engine
from spike_core.ports.generator import Generator
from spike_core.ports.progress import ProgressMonitor
from spike_core.ports.rendition_maker import MadeRenditions
from spike_core.ports.upscaler import RenderedImage
from spike_sandbox.protocol import MalformedMessage

_converter: Final = Converter(detailed_validation=False)


class BuildGenerator(Protocol):
    """Builds a generator over the engine's canvas fitter."""

    def __call__(self, *, canvas_fitter: CanvasFitter) -> Generator:
        """Build the generator."""


@frozen(kw_only=True)
class Tools:
    """Picklable functions that build what a child uses."""

    engine: Callable[[], Engine]
    generator: BuildGenerator | None = None


@define
class BuiltTools:
    """A child's engine, and its generator, which is built on first use."""

    engine: Engine
    _tools: Tools
    _generator: Generator | None = None

    @classmethod
    def of(cls, tools: Tools) -> "BuiltTools":
        """Build the engine."""
        return cls(tools.engine(), tools)

    @property
    def generator(self) -> Generator:
        """The generator."""
        if self._generator is None:
            assert self._tools.generator is not None, "tools without a generator get no generation tasks"
            self._generator = self._tools.generator(canvas_fitter=self.engine.canvas_fitter)
        return self._generator


@frozen
class WorkOrder:
    """A task: its name, its pictures, and sizes and prompts if it takes any."""

    do: str
    pictures: Sequence[BinaryIO]
    size: Dimensions | None = None
    canvas: Dimensions | None = field(default=None, kw_only=True)
    prompt: Prompt | None = None
    negative: Prompt | None = None
    pixels_max: int = field(default=PICTURE_PIXELS_MAX, kw_only=True)  # of a picture to inspect
    options: RenderOptions = field(default=DEFAULT_OPTIONS, kw_only=True)
    cpu_time: timedelta | None = field(default=None, kw_only=True)  # less than the pool's limit, where it is known

    @property
    def as_data(self) -> Mapping[str, Any]:
        """The order as data, without the pictures."""
        data = {
            "size": self.size,
            "canvas": self.canvas,
            "prompt": self.prompt,
            "negative": self.negative,
            "options": self.options,
        }
        return {"do": self.do, "pixels_max": self.pixels_max, **_converter.unstructure(data)}


@frozen
class WorkResult:
    """The result of a task: data, and a picture if it made one."""

    data: Any
    content: bytes | None = None


def _inspected(engine: Engine, picture: BinaryIO, pixels_max: int) -> PictureFacts:
    """Inspect a picture. A probe that knows no other limit isn't asked for one, unless the picture needs it."""
    if pixels_max == PICTURE_PIXELS_MAX:
        return engine.probe.inspect(picture)
    return engine.probe.inspect(picture, pixels_max=pixels_max)


def perform(  # noqa: PLR0911  # one for each kind of answer
    tools: BuiltTools, order: Mapping[str, Any], pictures: Sequence[bytes], monitor: ProgressMonitor
) -> WorkResult:
    """Perform the task on the pictures.

    Raises:
        Exception: the error that the engine raised.
    """
    files = [io.BytesIO(picture) for picture in pictures]
    match order["do"]:
        case "identify":
            return WorkResult(_converter.unstructure(tools.engine.probe.identify(files[0])))
        case "inspect":
            return WorkResult(_converter.unstructure(_inspected(tools.engine, files[0], order["pixels_max"])))
        case "compare":
            return WorkResult(_converter.unstructure(tools.engine.probe.compare(files[0], files[1])))
        case "analyze":
            analysis = tools.engine.upscaler.analyze(files[0], size=_size(order), options=_options(order))
            return WorkResult(_converter.unstructure(analysis))
        case "renditions":
            return _made(tools.engine, files[0])
        case "enhance" | "fit" | "generate" | "modify":
            return _answer(_picture(tools, order, files, monitor))
        case _:
            return WorkResult(None, _content(tools.engine, order, files))


def _picture(
    tools: BuiltTools, order: Mapping[str, Any], files: Sequence[BinaryIO], monitor: ProgressMonitor
) -> RenderedImage:
    match order["do"]:
        case "enhance":
            return tools.engine.upscaler.enhance(
                files[0], size=_size(order), monitor=monitor, **_options(order).as_arguments
            )
        case "fit":
            return tools.engine.canvas_fitter.fit(files[0], size=_size(order), **_options(order).as_arguments)
        case _:
            return _created(tools.generator, order, files)


def _content(engine: Engine, order: Mapping[str, Any], files: Sequence[BinaryIO]) -> bytes:
    match order["do"]:
        case "blend":
            return engine.blender.blend(files[0], files[1], size=_size(order))
        case "card":
            if engine.rendition_maker is None:
                raise UpscalerUnavailable
            return engine.rendition_maker.make_card(files[0], files[1])
        case "frame":
            return engine.canvas_fitter.frame(files[0], size=_size(order), canvas=_size(order, "canvas"))
        case "public":
            with engine.metadata.public(files[0]) as public:
                return public.read()
        case "with_metadata":
            return engine.metadata.with_metadata(files[0].read(), original=files[1])
        case unknown:
            raise AssertionError(f"unknown task {unknown}")


def _answer(picture: RenderedImage) -> WorkResult:
    data = _converter.unstructure(picture)
    return WorkResult(data, data.pop("content"))


def _made(engine: Engine, picture: BinaryIO) -> WorkResult:
    """Return renditions as one content, the thumbnail first, and its size."""
    if engine.rendition_maker is None:
        raise UpscalerUnavailable
    made = engine.rendition_maker.make(picture)
    data = {"thumbhash": made.thumbhash.hex(), "thumbnail_bytes": len(made.thumbnail)}
    return WorkResult(data, made.thumbnail + (made.preview or b""))


def _created(generator: Generator, order: Mapping[str, Any], files: Sequence[BinaryIO]) -> RenderedImage:
    prompt, negative_data = Prompt(order["prompt"]["text"]), order["negative"]
    negative = None if negative_data is None else Prompt(negative_data["text"])
    arguments = _options(order).as_arguments
    if files:
        return generator.modify(files[0], prompt, negative=negative, size=_size(order), **arguments)
    return generator.generate(prompt, negative=negative, size=_size(order), **arguments)


def _size(order: Mapping[str, Any], name: str = "size") -> Dimensions:
    return _converter.structure(order[name], Dimensions)


def _options(order: Mapping[str, Any]) -> RenderOptions:
    return _converter.structure(order["options"], RenderOptions)


def identity_of(answer: WorkResult) -> PictureIdentity:
    """Return the result of `identify`.

    Raises:
        MalformedMessage: the data isn't one.
    """
    try:
        return _converter.structure(answer.data, PictureIdentity)
    except Exception as error:  # the converter and validators may raise anything for unknown data
        raise MalformedMessage("not an identity") from error


def facts_of(answer: WorkResult) -> PictureFacts:
    """Return the result of `inspect`.

    Raises:
        MalformedMessage: the data isn't one.
    """
    try:
        return _converter.structure(answer.data, PictureFacts)
    except Exception as error:  # as above
        raise MalformedMessage("not facts") from error


def comparison_of(answer: WorkResult) -> Comparison:
    """Return the result of `compare`.

    Raises:
        MalformedMessage: the data isn't one.
    """
    try:
        return _converter.structure(answer.data, Comparison)
    except Exception as error:  # as above
        raise MalformedMessage("not a comparison") from error


def analysis_of(answer: WorkResult) -> Analysis:
    """Return the result of `analyze`.

    Raises:
        MalformedMessage: the data isn't one.
    """
    try:
        return _converter.structure(answer.data, Analysis)
    except Exception as error:  # as above
        raise MalformedMessage("not an analysis") from error


def picture_of(answer: WorkResult) -> RenderedImage:
    """Return the result of `enhance`, `fit`, `generate` or `modify`.

    Raises:
        MalformedMessage: the data isn't one.
    """
    try:
        return _converter.structure({**answer.data, "content": answer.content}, RenderedImage)
    except Exception as error:  # as above
        raise MalformedMessage("not a picture") from error


def renditions_of(answer: WorkResult) -> MadeRenditions:
    """Return the result of `renditions`.

    Raises:
        MalformedMessage: the data isn't one.
    """
    try:
        content, size_bytes = answer.content or b"", int(answer.data["thumbnail_bytes"])
        return MadeRenditions(
            thumbnail=content[:size_bytes],
            preview=content[size_bytes:] or None,
            thumbhash=bytes.fromhex(answer.data["thumbhash"]),
        )
    except Exception as error:  # as above
        raise MalformedMessage("no renditions") from error


def content_of(answer: WorkResult) -> bytes:
    """Return the picture from any other task.

    Raises:
        MalformedMessage: there is none.
    """
    if not answer.content:
        raise MalformedMessage("no picture")
    return answer.content
