"""Serialization of errors from child to parent, as data that can only name known classes."""

import traceback
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from spike_core.domain.errors import SpikeError

_TEXT_CHARS_MAX: Final = 20_000


@attrs.frozen
class ErrorInChild(Exception):
    """The cause of an error in a child: its traceback as text. For logs, not for users.

    Python prints the child's traceback as a note.
    """

    text: str

    @classmethod
    def of(cls, formatted: str) -> "ErrorInChild":
        """Return the error for a formatted traceback."""
        error = cls(formatted.rstrip().rpartition("\n")[2] or "an unknown error")
        error.add_note(formatted)
        return error

    def __str__(self) -> str:
        """Return the last line of the child's traceback."""
        return self.text


def as_data(error: BaseException) -> Mapping[str, Any]:
    """Return an error as JSON data."""
    formatted = "".join(traceback.format_exception(error))[-_TEXT_CHARS_MAX:]
    if not isinstance(error, SpikeError):
        return {"codes": [], "fields": {}, "traceback": formatted}
    codes = [kind.code for kind in type(error).__mro__ if issubclass(kind, SpikeError)]
    fields = {each.name: getattr(error, each.name) for each in attrs.fields(type(error))}
    plain = {name: value for name, value in fields.items() if isinstance(value, int | str)}
    return {"codes": codes, "fields": plain, "traceback": formatted}


def from_data(data: Mapping[str, Any]) -> Exception:
    """Return the error: of the same class or its nearest known ancestor, caused by an `ErrorInChild`.

    It is the `ErrorInChild` itself if no class is known, or the fields don't fit the class.
    """
    cause = ErrorInChild.of(str(data.get("traceback", "")))
    codes, fields = data.get("codes"), data.get("fields")
    kind = _kind(codes if isinstance(codes, list) else [])
    if kind is None or not isinstance(fields, dict):
        return cause
    known = {each.name for each in attrs.fields(kind)}
    try:
        error = kind(**{name: value for name, value in fields.items() if name in known})
    except TypeError:
        return cause
    error.__cause__ = cause
    return error


def _kind(codes: Sequence[object]) -> type[SpikeError] | None:
    known = {kind.code: kind for kind in _all_below(SpikeError)}
    return next((known[code] for code in codes if isinstance(code, str) and code in known), None)


def _all_below(kind: type[SpikeError]) -> Iterator[type[SpikeError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _all_below(below)
