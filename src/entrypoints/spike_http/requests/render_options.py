"""Options of results, as fields of JSON bodies and of forms."""

from collections.abc import Mapping
from typing import Final

from spike_core.domain.errors import InvalidValue
from spike_core.domain.render_options import (
    DEFAULT_OPTIONS,
    OUTPUT_FORMATS,
    QUALITY_MAX,
    STRENGTH_MAX,
    Mode,
    RenderOptions,
    parse_output_format,
)
from spike_http.openapi.notes import JsonSchema, sent_as
from spike_http.requests.json_bodies import string_field

_FORMATS: Final = [format_.value.lower() for format_ in OUTPUT_FORMATS]
OUTPUT_FIELDS: Final[Mapping[str, JsonSchema]] = {
    "format": {"enum": [*_FORMATS, None]},
    "quality": {"type": ["integer", "null"], "minimum": 1, "maximum": QUALITY_MAX},
}
OPTION_FIELDS: Final[Mapping[str, JsonSchema]] = {
    **OUTPUT_FIELDS,
    "strength": {"type": ["integer", "null"], "minimum": 0, "maximum": STRENGTH_MAX},
    "mode": {"enum": [*(mode.value for mode in Mode), None], "default": Mode.FAITHFUL.value},
}
FORM_FIELDS: Final[Mapping[str, JsonSchema]] = {
    "format": {"type": "string", "enum": _FORMATS},
    "quality": {"type": "integer", "minimum": 1, "maximum": QUALITY_MAX},
    "strength": {"type": "integer", "minimum": 0, "maximum": STRENGTH_MAX},
    "mode": {"type": "string", "enum": [mode.value for mode in Mode], "default": Mode.FAITHFUL.value},
}
OPTIONS_NOTE: Final = sent_as(OPTION_FIELDS)
OUTPUT_NOTE: Final = sent_as(OUTPUT_FIELDS)


def render_options(body: Mapping[str, object]) -> RenderOptions:
    """Return the options in a JSON body; those that are missing or null have their defaults.

    Raises:
        InvalidValue: one is of another type, or out of range.
    """
    format_, mode = body.get("format"), body.get("mode")
    options = RenderOptions(
        format=None if format_ is None else parse_output_format(string_field("format", format_)),
        quality=_whole("quality", body.get("quality")),
        strength=_whole("strength", body.get("strength")),
        mode=Mode.FAITHFUL if mode is None else Mode.parse(string_field("mode", mode)),
    )
    return DEFAULT_OPTIONS if options == DEFAULT_OPTIONS else options


def options_of_form(fields: Mapping[str, str]) -> RenderOptions:
    """Return the options in a form's fields; those that are missing or empty have their defaults.

    Raises:
        InvalidValue: one is out of range.
    """
    given: dict[str, object] = {name: text for name, text in fields.items() if text}
    for name in ("quality", "strength"):
        if name in given:
            given[name] = _number(name, fields[name])
    return render_options(given)


def _whole(name: str, value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise InvalidValue(what=name, rule="must be a whole number")


def _number(name: str, text: str) -> int:
    """Return a number of at most three digits."""
    if text.isascii() and text.isdigit() and len(text) <= len(str(QUALITY_MAX)):
        return int(text)
    raise InvalidValue(what=name, rule="must be a whole number")
