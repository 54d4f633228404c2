"""Sample values of schemas, for people to read: the first example, or the plainest value."""

from collections.abc import Mapping
from typing import Any

from spike_http.openapi.schemas import COMPONENTS


def resolved(schema: Mapping[str, Any], named: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a reference leads to; any other schema as it is."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Mapping[str, Any] = named[reference.removeprefix(COMPONENTS)]
    return found


def sample_of(schema: Mapping[str, Any], named: Mapping[str, Any]) -> Any:
    """Return a value that the schema allows."""
    schema = resolved(schema, named)
    for keyword in ("const", "default"):
        if keyword in schema:
            return schema[keyword]
    for keyword in ("examples", "enum"):
        if schema.get(keyword):
            return schema[keyword][0]
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return sample_of(schema[keyword][0], named)
    return _plain(schema, named)


def _plain(schema: Mapping[str, Any], named: Mapping[str, Any]) -> Any:
    kind = schema.get("type", "object")
    match kind if isinstance(kind, str) else kind[0]:
        case "array":
            return [sample_of(schema["items"], named)]
        case "boolean":
            return True
        case "integer":
            return max(1, schema.get("minimum", 1))
        case "object":
            return {name: sample_of(inner, named) for name, inner in schema.get("properties", {}).items()}
        case _:
            return "…"
