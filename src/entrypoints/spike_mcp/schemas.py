"""JSON Schemas of tools: those of the OpenAPI document's request bodies, which come from the parsers' classes."""

from collections.abc import Collection, Mapping
from typing import Any

Schema = Mapping[str, Any]
_REFERENCE = "#/components/schemas/"


def body_schema(document: Schema, operation_id: str) -> Schema:
    """Return the schema of an operation's body, complete in itself."""
    operation = _operation(document, operation_id)
    [content] = operation["requestBody"]["content"].values()
    resolved: Schema = _resolved(content["schema"], document)
    return resolved


def query_schema(document: Schema, operation_id: str, *, names: Collection[str]) -> Schema:
    """Return the schemas of some query parameters, as properties of an object."""
    parameters = _operation(document, operation_id).get("parameters", [])
    return {
        each["name"]: {**_resolved(each["schema"], document), "description": each.get("description", "")}
        for each in parameters
        if each["name"] in names
    }


def path_schema(document: Schema, operation_id: str, name: str) -> Schema:
    """Return the schema of a path parameter."""
    parameters = _operation(document, operation_id)["parameters"]
    resolved: Schema = _resolved(next(each["schema"] for each in parameters if each["name"] == name), document)
    return resolved


def summary_of(document: Schema, operation_id: str) -> str:
    """Return an operation's summary."""
    return str(_operation(document, operation_id)["summary"])


def _operation(document: Schema, operation_id: str) -> Schema:
    return next(
        operation
        for item in document["paths"].values()
        for operation in item.values()
        if operation["operationId"] == operation_id
    )


def _resolved(node: Any, document: Schema) -> Any:
    """Return a schema with its references replaced; requests have no recursive ones."""
    match node:
        case {"$ref": str() as reference}:
            return _resolved(document["components"]["schemas"][reference.removeprefix(_REFERENCE)], document)
        case dict():
            return {key: _resolved(value, document) for key, value in node.items()}
        case list():
            return [_resolved(each, document) for each in node]
        case _:
            return node
