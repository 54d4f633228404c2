"""JSON in the documentation is valid, and the reference's samples match the OpenAPI document."""

import functools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from falcon import testing

from documents import PROJECT, Block, all_blocks
from memory_spike import MemorySpike
from spike_http import create_app

PAGE: Final = PROJECT / "docs/reference/http.md"
HEADING: Final = re.compile(r"^(?:`(\w+) (\S+)`, credentials: \w+|## (Errors))$")
JSON: Final = "application/json"
Schema = Mapping[str, Any]


@pytest.fixture(scope="module")
def document() -> Schema:
    client = testing.TestClient(create_app(MemorySpike.build().spike))
    found: Schema = client.simulate_get("/openapi.json").json
    return found


@functools.cache
def sections() -> Mapping[str, list[Block]]:
    """Return the samples of the reference by the heading of their section."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    headings = [(number, line) for number, line in enumerate(lines) if HEADING.match(line)]
    found: dict[str, list[Block]] = {}
    for block in all_blocks("json"):
        if block.page == PAGE:
            heading = next(line for number, line in reversed(headings) if number < block.line)
            found.setdefault(heading, []).append(block)
    return found


def wrong(sample: Any, schema: Schema, document: Schema) -> list[str]:
    """Return the schema's errors for a sample."""
    from openapi_schema_validator import OAS31Validator  # noqa: PLC0415  # slow to import, and each worker collects

    validator = OAS31Validator({**schema, "components": document["components"]})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(sample)]


def answers(operation: Schema) -> Iterator[Schema]:
    for status, answer in operation["responses"].items():
        if status.startswith("2") and JSON in answer.get("content", {}):
            yield answer["content"][JSON]["schema"]


def takes_json(operation: Schema) -> bool:
    return JSON in operation.get("requestBody", {}).get("content", {})


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def test_json_is_json() -> None:
    blocks = all_blocks("json")
    assert [block.place for block in blocks if not is_json(block.text)] == []
    assert len(blocks) > 80


@pytest.mark.parametrize("heading", sections())
def test_a_sample_of_the_api_is_as_the_openapi_document_says(heading: str, document: Schema) -> None:
    """The last sample of an endpoint is its response, if that is JSON; those before it are requests."""
    match = HEADING.match(heading)
    assert match is not None
    shown = [json.loads(block.text) for block in sections()[heading]]
    *requests, answer = shown
    if not match[1]:
        assert match[3] == "Errors"
        assert wrong(answer, {"$ref": "#/components/schemas/Error"}, document) == []
        assert requests == []
        return
    operation = document["paths"][match[2]][match[1].lower()]
    if schemas := list(answers(operation)):
        assert wrong(answer, schemas[0], document) == []
    for request in requests if schemas else shown:
        assert wrong(request, operation["requestBody"]["content"][JSON]["schema"], document) == []


def test_every_endpoint_that_takes_or_answers_json_has_a_sample(document: Schema) -> None:
    described = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "post", "patch", "delete", "put"} and (list(answers(operation)) or takes_json(operation))
    }
    shown = {(match[1], match[2]) for heading in sections() if (match := HEADING.match(heading)) and match[1]}
    assert described == shown
