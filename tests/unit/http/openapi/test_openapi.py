"""`/openapi.json` is valid and describes what each endpoint does."""

import functools
import re
import threading
from typing import Any

import pytest
from falcon import inspect, testing

from caller import Caller
from memory_spike import MemorySpike, with_limits
from spike_core.domain.rate_limits import RateLimitGroup
from spike_http import create_app
from spike_http.openapi.operations import Access, Operation, operations_of
from spike_http.openapi.texts import TEXTS
from spike_http.openapi.texts.objects import OBJECTS
from spike_http.routes import routes
from spike_runtime import Settings

Document = dict[str, Any]
ABOUT_THE_DOCUMENT = {"/openapi.json", "/docs", "/docs/{version}/{name}"}
THE_STUDIO = {
    "/",
    "/studio/{version}/{path:path}",
    "/share/albums/{album_id}",
    "/share/pictures/{image_id}",
    "/share/pictures/{image_id}/card/{job_id}.jpg",
}  # pages, no part of the API
THE_PROTOCOL = {
    "/mcp",
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/mcp",
}  # JSON-RPC, whose tools are operations, and its metadata


@pytest.fixture
def document(client: testing.TestClient) -> Document:
    loaded: Document = client.simulate_get("/openapi.json").json
    return loaded


def operations(document: Document) -> list[tuple[str, str, Document]]:
    return [(path, method, each) for path, item in document["paths"].items() for method, each in item.items()]


@functools.lru_cache(maxsize=2)
def served(settings: Settings) -> tuple[testing.TestClient, MemorySpike]:
    """Return a service that tests of single operations share."""
    services = MemorySpike.build(settings)
    return testing.TestClient(create_app(services.spike)), services


def test_the_document_is_valid(document: Document) -> None:
    from openapi_spec_validator import OpenAPIV31SpecValidator  # noqa: PLC0415  # slow to import, and each worker collects

    assert document["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_route_is_described_and_none_else(client: testing.TestClient, document: Document) -> None:
    actual = {
        (re.sub(r"_(\w)", lambda match: match[1].upper(), route.path), method.method.lower())
        for route in inspect.inspect_routes(client.app)
        for method in route.methods
        if not method.internal and route.path not in ABOUT_THE_DOCUMENT | THE_STUDIO | THE_PROTOCOL
    }
    assert {(path, method) for path, method, _ in operations(document)} == actual


def test_head_is_described_for_all_of_get(document: Document) -> None:
    assert "HEAD" in document["info"]["description"]


def test_every_operation_has_a_name_of_its_own(document: Document) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)
    assert all(operation["summary"] for _, _, operation in operations(document))


def test_a_schema_of_an_answer_allows_no_field_that_it_does_not_name(document: Document) -> None:
    for name, schema in document["components"]["schemas"].items():
        if schema.get("type") == "object" and name not in {"Error", "Problem"}:
            assert schema["additionalProperties"] is False
            assert schema["required"] == list(schema["properties"])


def described() -> list[tuple[str, str, Operation]]:
    table = routes(MemorySpike.build().spike, closing=threading.Event())
    return [
        (route.path, method, operation)
        for route in table
        for method, operation in operations_of(route.resource).items()
    ]


@pytest.mark.parametrize(("path", "method", "operation"), described(), ids=lambda value: getattr(value, "id", None))
def test_each_operation_is_counted_in_the_bucket_that_it_is_said_to_be(
    path: str, method: str, operation: Operation
) -> None:
    """Each group has a different limit, so that the header identifies the group that counted."""
    buckets = {bucket: 1000 + number for number, bucket in enumerate(RateLimitGroup)}
    client, services = served(with_limits(buckets))
    ada = Caller(client, services.register(f"{operation.id}@example.org"))
    answer = ada.client.simulate_request(method, re.sub(r"{\w+}", "unknown", path), headers=ada.headers)
    counted = answer.headers.get("X-RateLimit-Limit")
    if operation.access is Access.PUBLIC:
        assert counted is None
    else:
        assert counted == str(buckets[operation.bucket])


@pytest.mark.parametrize(("path", "method", "operation"), described(), ids=lambda value: getattr(value, "id", None))
def test_credentials_are_asked_for_where_they_are_said_to_be(path: str, method: str, operation: Operation) -> None:
    client, _ = served(Settings())
    answer = client.simulate_request(method, re.sub(r"{\w+}", "unknown", path))
    assert (answer.status_code == 401) == (operation.access is Access.USER)
    bad = client.simulate_request(
        method, re.sub(r"{\w+}", "unknown", path), headers={"Authorization": "Bearer sk_live_forged"}
    )
    assert (bad.status_code == 401) == (operation.access in {Access.USER, Access.OPTIONAL_USER})


def test_every_text_is_of_an_operation_that_exists(document: Document) -> None:
    named = {operation["operationId"]: operation for _, _, operation in operations(document)}
    assert TEXTS.keys() == named.keys()
    for name, text in TEXTS.items():
        assert {str(status) for status in text.errors} <= named[name]["responses"].keys(), name


def test_every_text_of_an_object_is_of_a_schema_and_its_fields(document: Document) -> None:
    schemas = document["components"]["schemas"]
    assert OBJECTS.keys() <= schemas.keys()
    for name, text in OBJECTS.items():
        assert text.fields.keys() <= schemas[name].get("properties", {}).keys(), name


def test_every_parameter_and_every_field_of_a_body_has_a_description(document: Document) -> None:
    for path, method, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description") or parameter["in"] == "path", (method, path)
        for content in operation.get("requestBody", {}).get("content", {}).values():
            for name, field in content["schema"]["properties"].items():
                assert field["description"], (method, path, name)


def test_examples_are_valid(document: Document) -> None:
    from openapi_schema_validator import OAS31Validator  # noqa: PLC0415  # as above

    """Errors have examples too, one per message."""
    found = [
        (path, method, content["schema"], value)
        for path, method, operation in operations(document)
        for holder in (operation.get("requestBody", {}), *operation["responses"].values())
        for content in holder.get("content", {}).values()
        for value in (
            *([content["example"]] if "example" in content else ()),
            *(each["value"] for each in content.get("examples", {}).values()),
        )
    ]
    assert len(found) > len(document["paths"])
    for path, method, schema, value in found:
        errors = OAS31Validator({**schema, "components": document["components"]}).iter_errors(value)
        assert [error.message for error in errors] == [], (method, path)


def test_addresses_of_the_document_are_those_of_the_setting() -> None:
    spike = MemorySpike.build(Settings(public_url="https://spike.example.org")).spike
    document = testing.TestClient(create_app(spike)).simulate_get("/openapi.json").json
    assert document["servers"] == [{"url": "https://spike.example.org"}]
