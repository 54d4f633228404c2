"""From types to JSON Schema (draft 2020-12, the dialect of OpenAPI 3.1)."""

import types
import typing
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, Final

import attrs
from attrs import define, field

from spike_core.codec import camel_case
from spike_core.domain.accounts import Email
from spike_core.domain.albums import AlbumDescription, AlbumName
from spike_core.domain.api_keys import ApiKeyName
from spike_core.domain.generation import Prompt
from spike_core.domain.identifiers import Identifier
from spike_core.domain.images import ImageName
from spike_core.domain.limits import (
    ALBUM_DESCRIPTION_CHARS_MAX,
    ALBUM_NAME_CHARS_MAX,
    API_KEY_NAME_CHARS_MAX,
    FILE_NAME_CHARS_MAX,
    PROMPT_CHARS_MAX,
)
from spike_core.domain.patches import Unchanged
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_http.openapi.notes import NOTE, id_schema
from spike_http.openapi.tiers import ANY_TIER, SOLD_TIER

COMPONENTS: Final = "#/components/schemas/"
_SOLD_TIER: Final = "A tier, by its name. Jobs keep theirs when it is no longer on offer."
_OFFERED_TIER: Final = "A tier on offer, by its name."
_NOT_BLANK: Final = r"\S"
_PLAIN: Final[Mapping[Any, Mapping[str, Any]]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    datetime: {"type": "string", "format": "date-time", "examples": ["2025-12-12T10:30:00Z"]},
    Tokens: {"type": "integer", "minimum": 0},
    Email: {"type": "string", "examples": ["ada@example.org"]},
    ImageName: {"type": "string", "minLength": 1, "maxLength": FILE_NAME_CHARS_MAX, "examples": ["photo.jpg"]},
    AlbumName: {"type": "string", "pattern": _NOT_BLANK, "maxLength": ALBUM_NAME_CHARS_MAX, "examples": ["Summer"]},
    AlbumDescription: {"type": "string", "maxLength": ALBUM_DESCRIPTION_CHARS_MAX},
    ApiKeyName: {"type": "string", "pattern": _NOT_BLANK, "maxLength": API_KEY_NAME_CHARS_MAX, "examples": ["laptop"]},
    Prompt: {
        "type": "string",
        "pattern": _NOT_BLANK,
        "maxLength": PROMPT_CHARS_MAX,
        "examples": ["A serene mountain landscape at sunset"],
    },
}


@define
class Schemas:
    """Builds schemas, and collects the named ones."""

    named: dict[str, dict[str, Any]] = field(factory=dict)

    def answer(self, kind: Any) -> dict[str, Any]:
        """Return the schema of a view, or of a value in one: all fields are required, and no others occur."""
        return self._of(kind)

    def body(self, kind: type, keywords: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Return the schema of a body that is parsed into `kind`.

        Fields with a default, or that may be null, may be omitted. Unknown fields are ignored.
        """
        properties: dict[str, Any] = {}
        required: list[str] = []
        for attribute in attrs.fields(kind):
            note: Mapping[str, Any] = attribute.metadata.get(NOTE, {})
            if "fields" in note:
                properties |= note["fields"]
                required += sorted(note["required"])
                continue
            name = camel_case(attribute.name)
            wanted = self._ordered(self._of(attribute.type))
            properties[name] = {**wanted, **note.get("keywords", {}), **keywords.get(name, {})}
            if attribute.default is attrs.NOTHING and not _is_nullable(attribute.type):
                required.append(name)
        return {"type": "object", "properties": properties} | ({"required": required} if required else {})

    def _of(self, kind: Any) -> dict[str, Any]:
        arguments = typing.get_args(kind)
        match typing.get_origin(kind):
            case types.UnionType | typing.Union:
                schema = self._union([member for member in arguments if member != Unchanged])
            case typing.Literal:
                schema = {"type": "string", "enum": list(arguments)}
            case origin if origin in {list, Sequence}:
                schema = {"type": "array", "items": self._of(arguments[0])}
            case origin if origin is dict:
                schema = {"type": "object", "additionalProperties": self._of(arguments[1])}
            case _:
                schema = dict(_PLAIN[kind]) if kind in _PLAIN else self._named(kind)
        return schema

    def _named(self, kind: type) -> dict[str, Any]:
        """Return a reference to the schema of a class, which is built on first use."""
        name = kind.__name__.removesuffix("View")
        if name not in self.named:
            self.named[name] = {}  # it may refer to itself
            if kind is Tier:
                self.named[name] = {"description": _SOLD_TIER, **SOLD_TIER}
            elif issubclass(kind, Enum):
                self.named[name] = _enumeration(kind)
            elif issubclass(kind, Identifier):
                self.named[name] = _identifier(kind)
            else:
                self.named[name] = self._view(kind)
        return {"$ref": COMPONENTS + name}

    def _ordered(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return a body's schema with the tiers on offer in place of those that jobs may have."""
        if schema.get("$ref") == COMPONENTS + "Tier":
            self.named["OfferedTier"] = {"description": _OFFERED_TIER, **ANY_TIER}
            return {"$ref": COMPONENTS + "OfferedTier"}
        for key in ("items", "additionalProperties"):
            if isinstance(schema.get(key), dict):
                schema = {**schema, key: self._ordered(schema[key])}
        if "anyOf" in schema:
            schema = {**schema, "anyOf": [self._ordered(each) for each in schema["anyOf"]]}
        return schema

    def _union(self, members: Sequence[Any]) -> dict[str, Any]:
        schemas = [self._of(member) for member in members if member is not type(None)]
        if len(schemas) == len(members):
            return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
        if len(schemas) == 1 and isinstance(schemas[0].get("type"), str) and "enum" not in schemas[0]:
            return {**schemas[0], "type": [schemas[0]["type"], "null"]}
        return {"anyOf": [*schemas, {"type": "null"}]}

    def _view(self, kind: type) -> dict[str, Any]:
        properties = {camel_case(each.name): self._of(each.type) for each in attrs.fields(kind)}
        return {
            "type": "object",
            "description": _summary(kind),
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }


def _is_nullable(kind: Any) -> bool:
    return type(None) in typing.get_args(kind)


def _identifier(kind: type[Identifier]) -> dict[str, Any]:
    example = kind.prefix + "e8acxyjs4el61nks6t86tv9t"
    return {**id_schema(kind), "description": _summary(kind), "examples": [example]}


def _enumeration(kind: type[Enum]) -> dict[str, Any]:
    values = [member.value for member in kind]
    return {"type": "string", "description": _summary(kind), "enum": values}


def _summary(kind: type) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0]
