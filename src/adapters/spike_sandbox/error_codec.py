"""Errors on their way from child to parent: as data, and of known classes only."""

import traceback
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from spike_core.domain.errors import SpikeError

_TEXT_CHARS_MAX: Final = 20_000


@attrs.frozen
class ErrorInChild(Exception):
    """What an engine raised that is none of Spike's errors, or why it raised one; for the log, not for users.

    A traceback shows the child's below it.
    """

    text: str

    @classmethod
    def of(cls, told: str) -> "ErrorInChild":
        """Return the error whose traceback this is."""
        error = cls(told.rstrip().rpartition("\n")[2] or "an error that wasn't told")
        error.add_note(told)
        return error

    def __str__(self) -> str:
        """Return the last line of the child's traceback."""
        return self.text


def as_data(error: BaseException) -> Mapping[str, Any]:
    """Return an error as a message can hold it."""
    told = "".join(traceback.format_exception(error))[-_TEXT_CHARS_MAX:]
    if not isinstance(error, SpikeError):
        return {"codes": [], "fields": {}, "traceback": told}
    codes = [kind.code for kind in type(error).__mro__ if issubclass(kind, SpikeError)]
    fields = {each.name: getattr(error, each.name) for each in attrs.fields(type(error))}
    plain = {name: value for name, value in fields.items() if isinstance(value, int | str)}
    return {"codes": codes, "fields": plain, "traceback": told}


def from_data(data: Mapping[str, Any]) -> Exception:
    """Return the error: of the same class, or the nearest that is known here, with the child's traceback as its cause.

    Of an unknown class, or with fields that its class doesn't have, it is an `ErrorInChild`.
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
