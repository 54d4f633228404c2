"""Analysis: what an engine found in a picture, and how it would enhance it."""

from collections.abc import Iterable
from enum import Enum
from typing import Final

from attrs import field, frozen, validators

from spike_core.domain.limits import METHOD_CHARS_MAX

SUMMARY_CHARS_MAX: Final = 1000
MODELS_MAX: Final = 16
_MODEL_CHARS_MAX: Final = 100


class PictureKind(Enum):
    """What a picture mainly consists of. The names are the API's."""

    PHOTO = "photo"
    DRAWING = "drawing"  # line art, comics, pixel art
    TEXT = "text"  # text, logos, screenshots


def _as_tuple(models: Iterable[str]) -> tuple[str, ...]:
    return tuple(models)


@frozen(kw_only=True)
class Analysis:
    """What an engine found in a picture, and how it would enhance it. `None` says that it didn't measure something."""

    summary: str = field(validator=validators.max_len(SUMMARY_CHARS_MAX))  # for people, in a sentence or two
    method: str = field(default="", validator=validators.max_len(METHOD_CHARS_MAX))  # as the result's would say
    kind: PictureKind | None = None
    cleanliness: float | None = field(default=None, validator=validators.optional((validators.ge(0), validators.le(1))))
    jpeg_quality: float | None = field(
        default=None, validator=validators.optional((validators.ge(1), validators.le(100)))
    )  # of its worst compression; 100 if there is no trace of one
    noise: float | None = field(default=None, validator=validators.optional(validators.ge(0)))  # sigma, of 255
    enlarged_by: float | None = field(default=None, validator=validators.optional(validators.ge(1)))  # before; 1: not
    models: tuple[str, ...] = field(  # that the engine would use
        default=(),
        converter=_as_tuple,
        validator=(validators.max_len(MODELS_MAX), validators.deep_iterable(validators.max_len(_MODEL_CHARS_MAX))),
    )


NO_ANALYSIS: Final = Analysis(summary="This engine doesn't analyze pictures: it treats all of them alike")
