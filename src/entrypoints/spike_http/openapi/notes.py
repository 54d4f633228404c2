"""Notes on the fields of JSON bodies whose types alone don't describe what clients may send.

The notes are attrs metadata of the fields that the parser fills; only the OpenAPI document reads them.
"""

from collections.abc import Mapping
from typing import Any, Final

from spike_core.domain.identifiers import Identifier

JsonSchema = Mapping[str, Any]  # JSON Schema 2020-12

NOTE: Final = "spike_http.openapi"


def id_schema(kind: type[Identifier]) -> JsonSchema:
    """Return the schema of an identifier's text."""
    return {"type": "string", "pattern": f"^{kind.pattern.pattern}$"}


def said(description: str = "", **keywords: Any) -> Mapping[str, Mapping[str, Any]]:
    """Return a note that adds keywords, such as `maxItems`, to the schema of the field's type."""
    described = {"description": description} if description else {}
    return {NOTE: {"keywords": {**described, **keywords}}}


def sent_as(fields: Mapping[str, JsonSchema], *, required: frozenset[str] = frozenset()) -> Mapping[str, Any]:
    """Return a note that clients send these fields instead of one with the attribute's name."""
    return {NOTE: {"fields": fields, "required": required}}
