"""Options of a job's result: its file format, and how the engine makes it."""

from enum import Enum
from typing import Final, TypedDict

from attrs import field, frozen

from spike_core.domain.enum_members import parse_choice
from spike_core.domain.errors import InvalidValue
from spike_core.domain.objects import PictureFormat

OUTPUT_FORMATS: Final = (PictureFormat.JPEG, PictureFormat.PNG, PictureFormat.WEBP, PictureFormat.AVIF)
QUALITY_MAX: Final = 100  # of a WebP: without loss
STRENGTH_MAX: Final = 100


class Mode(Enum):
    """How far an engine may depart from its original. The names are the API's."""

    FAITHFUL = "faithful"  # nothing is shown that the original doesn't support
    VIVID = "vivid"  # plausible detail is invented; only where the installation offers it

    @classmethod
    def parse(cls, text: str) -> "Mode":
        """Return the mode of this name.

        Raises:
            InvalidValue: there is no such mode.
        """
        return parse_choice(cls, text, what="mode")


FAITHFUL_ONLY: Final = frozenset({Mode.FAITHFUL})


class EngineArguments(TypedDict, total=False):
    """Keyword arguments for an engine's methods."""

    options: "RenderOptions"


def _check_whole(value: int | None, what: str, *, at_least: int, at_most: int) -> None:
    if value is not None and (type(value) is not int or not at_least <= value <= at_most):
        raise InvalidValue(what=what, rule=f"must be a whole number from {at_least} to {at_most}")


def _check_format(_options: object, _attribute: object, value: PictureFormat | None) -> None:
    if value is not None and value not in OUTPUT_FORMATS:
        raise InvalidValue(what="format", rule=f"must be one of {_FORMAT_NAMES}")


def _check_quality(options: "RenderOptions", _attribute: object, value: int | None) -> None:
    _check_whole(value, "quality", at_least=1, at_most=QUALITY_MAX)
    if value is not None and options.format is PictureFormat.PNG:
        raise InvalidValue(what="quality", rule="must not come with the format png, which is lossless")


def _check_strength(_options: object, _attribute: object, value: int | None) -> None:
    _check_whole(value, "strength", at_least=0, at_most=STRENGTH_MAX)


@frozen(kw_only=True)
class RenderOptions:
    """What an order may say about its result, besides the tier. Each option has a default.

    >>> RenderOptions(format=PictureFormat.WEBP, quality=80).quality
    80
    >>> RenderOptions(format=PictureFormat.PNG, quality=80)
    Traceback (most recent call last):
    spike_core.domain.errors.InvalidValue: ...

    Raises:
        InvalidValue: an option is out of range, or the format has no quality.
    """

    format: PictureFormat | None = field(default=None, validator=_check_format)  # `None`: JPEG, or PNG if it has alpha
    quality: int | None = field(default=None, validator=_check_quality)  # 1 to 100; `None`: the format's default
    strength: int | None = field(default=None, validator=_check_strength)  # of noise reduction, 0 to 100; `None`: auto
    mode: Mode = Mode.FAITHFUL

    @property
    def as_arguments(self) -> EngineArguments:
        """The argument `options` for an engine, unless all have their defaults: older adapters don't know it."""
        return {} if self == DEFAULT_OPTIONS else {"options": self}


def parse_output_format(text: str) -> PictureFormat:
    """Return the output format of this name, `jpeg`, `png`, `webp` or `avif`.

    Raises:
        InvalidValue: there is no such format.
    """
    for format_ in OUTPUT_FORMATS:
        if format_.value.lower() == text:
            return format_
    raise InvalidValue(what="format", rule=f"must be one of {_FORMAT_NAMES}")


_FORMAT_NAMES: Final = ", ".join(format_.value.lower() for format_ in OUTPUT_FORMATS)
DEFAULT_OPTIONS: Final = RenderOptions()
