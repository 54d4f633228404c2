"""The document as a page for people, made on the server: it needs no script, and nothing from elsewhere."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from importlib.resources import files
from itertools import groupby
from typing import Any, Final

from attrs import frozen
from jinja2 import Environment, StrictUndefined

from spike_http.openapi.samples import resolved, sample_of
from spike_http.openapi.schemas import COMPONENTS

_METHODS: Final = ("get", "post", "patch", "delete")


@frozen(kw_only=True)
class Row:
    """A field of a body, a parameter, or a failure: a row of a table."""

    name: str
    kind: str
    told: str
    is_required: bool = False


@frozen(kw_only=True)
class Entry:
    """An operation, as the page shows it."""

    id: str
    tag: str
    method: str
    path: str
    summary: str
    told: str
    credentials: str
    parameters: list[Row]
    body: list[Row]
    body_type: str
    request: str
    answer_status: str
    answer: str
    failures: list[Row]


def render(document: Mapping[str, Any], *, base_path: str = "") -> str:
    """Return the page, in HTML, for a service below that path. All texts are escaped by the template."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_asset("docs.html"))
    entries = sorted(_entries(document), key=lambda entry: [tag["name"] for tag in document["tags"]].index(entry.tag))
    sections = [(tag, list(group)) for tag, group in groupby(entries, key=lambda entry: entry.tag)]
    told = {tag["name"]: tag["description"] for tag in document["tags"]}
    return template.render(info=document["info"], sections=sections, told=told, base_path=base_path)


def style() -> str:
    """Return the page's style sheet."""
    return _asset("docs.css")


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _entries(document: Mapping[str, Any]) -> Iterable[Entry]:
    named = document["components"]["schemas"]
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield _entry(path, method, item[method], named)


def _entry(path: str, method: str, operation: Mapping[str, Any], named: Mapping[str, Any]) -> Entry:
    contents: Mapping[str, Mapping[str, Any]] = operation.get("requestBody", {}).get("content", {})
    body_type = next(iter(contents), "")
    status = next(iter(operation["responses"]))
    answer_type, answer = next(iter(operation["responses"][status]["content"].items()))
    schema = contents[body_type]["schema"] if body_type else {}
    return Entry(
        id=operation["operationId"],
        tag=operation["tags"][0],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        told=operation.get("description", ""),
        credentials=_credentials(operation["security"]),
        parameters=[
            Row(
                name=each["name"],
                kind=each["in"],
                told=each.get("description", ""),
                is_required=each.get("required", False),
            )
            for each in operation.get("parameters", [])
        ],
        body=[
            Row(
                name=name,
                kind=_kind(inner, named),
                told=_told(inner, named),
                is_required=name in schema.get("required", []),
            )
            for name, inner in schema.get("properties", {}).items()
        ],
        body_type=body_type,
        request=_json(sample_of(schema, named)) if body_type == "application/json" else "",
        answer_status=status,
        answer=_json(sample_of(answer["schema"], named)) if answer_type == "application/json" else answer_type,
        failures=[
            Row(name=code, kind=HTTPStatus(int(code)).phrase, told=response["description"])
            for code, response in operation["responses"].items()
            if int(code) >= HTTPStatus.MULTIPLE_CHOICES
        ],
    )


def _credentials(security: list[Mapping[str, Any]]) -> str:
    if not security:
        return "No credentials needed"
    return "Credentials for all but the public" if {} in security else "Credentials required"


def _told(schema: Mapping[str, Any], named: Mapping[str, Any]) -> str:
    found = schema.get("description") or resolved(schema, named).get("description", "")
    return str(found)


def _kind(schema: Mapping[str, Any], named: Mapping[str, Any]) -> str:
    """Return the kind of a value in a few words."""
    if "$ref" in schema:
        found = resolved(schema, named)
        return _kind(found, named) if "enum" in found else schema["$ref"].removeprefix(COMPONENTS)
    if "enum" in schema:
        return " | ".join("null" if value is None else str(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(_kind(each, named) for each in schema["anyOf"])
    kind = schema.get("type", "object")
    if kind == "array":
        return f"list of {_kind(schema['items'], named)}"
    if schema.get("format") == "binary":
        return "file"
    return kind if isinstance(kind, str) else " | ".join(kind)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
