"""The works that a child does, by name, and their answers as data: the child packs them, its parent unpacks them."""

import io
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, Final

from attrs import frozen
from cattrs import Converter

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.images import PictureFacts
from spike_core.ports.plugins import Engine
from spike_core.ports.upscaler import EnhancedPicture
from spike_core.ports.watch import Watch
from spike_sandbox.wire import Garbled

_converter: Final = Converter(detailed_validation=False)


@frozen
class Order:
    """A piece of work: its name, the pictures that it is about, and the size where it takes one."""

    do: str
    pictures: Sequence[BinaryIO]
    size: Dimensions | None = None

    @property
    def told(self) -> Mapping[str, Any]:
        """The order as data, without the pictures."""
        size = None if self.size is None else _converter.unstructure(self.size)
        return {"do": self.do, "size": size, "pictures": len(self.pictures)}


@frozen
class Answer:
    """What came of a piece of work: what is told of it, and a picture where it made one."""

    told: Any
    content: bytes | None = None


def perform(engine: Engine, order: Mapping[str, Any], pictures: Sequence[bytes], watch: Watch) -> Answer:
    """Do what the order tells, with these pictures.

    Raises:
        Exception: what the engine raises.
    """
    files = [io.BytesIO(picture) for picture in pictures]
    match order["do"]:
        case "inspect":
            return Answer(_converter.unstructure(engine.probe.inspect(files[0])))
        case "enhance":
            picture = engine.upscaler.enhance(files[0], size=_size(order), watch=watch)
            told = _converter.unstructure(picture)
            return Answer(told, told.pop("content"))
        case "blend":
            return Answer(None, engine.blender.blend(files[0], files[1], size=_size(order)))
        case "public":
            with engine.metadata.public(files[0]) as public:
                return Answer(None, public.read())
        case "labelled":
            return Answer(None, engine.metadata.labelled(pictures[0], original=files[1]))
        case unknown:
            raise AssertionError(f"no work is called {unknown}")


def _size(order: Mapping[str, Any]) -> Dimensions:
    return _converter.structure(order["size"], Dimensions)


def facts_of(answer: Answer) -> PictureFacts:
    """Return what `inspect` found.

    Raises:
        Garbled: it isn't that.
    """
    try:
        return _converter.structure(answer.told, PictureFacts)
    except Exception as error:  # whatever a converter and validators make of what may be anything
        raise Garbled("these are no facts") from error


def picture_of(answer: Answer) -> EnhancedPicture:
    """Return what `enhance` made.

    Raises:
        Garbled: it isn't that.
    """
    try:
        return _converter.structure({**answer.told, "content": answer.content}, EnhancedPicture)
    except Exception as error:  # as above
        raise Garbled("this is no picture") from error


def content_of(answer: Answer) -> bytes:
    """Return the picture that any other work made.

    Raises:
        Garbled: there is nothing.
    """
    if not answer.content:
        raise Garbled("there is no picture")
    return answer.content
