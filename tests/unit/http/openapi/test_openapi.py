"""`/openapi.json`: a valid document that says of each endpoint what the endpoint does."""

import re
import threading
from typing import Any

import pytest
from falcon import inspect, testing
from openapi_spec_validator import OpenAPIV31SpecValidator

from caller import Caller
from memory_spike import MemorySpike, with_limits
from spike_core.domain.rate_limits import RateLimitGroup
from spike_http import create_app
from spike_http.openapi.operations import Access, Operation, operations_of
from spike_http.routes import routes
from spike_runtime import Settings

Document = dict[str, Any]
ABOUT_THE_DOCUMENT = {"/openapi.json", "/docs", "/docs.css"}
THE_STUDIO = {"/", "/studio/{version}/{path:path}"}  # pages, no part of the API


@pytest.fixture
def document(client: testing.TestClient) -> Document:
    loaded: Document = client.simulate_get("/openapi.json").json
    return loaded


def operations(document: Document) -> list[tuple[str, str, Document]]:
    return [(path, method, each) for path, item in document["paths"].items() for method, each in item.items()]


def test_the_document_is_valid(document: Document) -> None:
    assert document["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_route_is_described_and_none_else(client: testing.TestClient, document: Document) -> None:
    actual = {
        (re.sub(r"_(\w)", lambda match: match[1].upper(), route.path), method.method.lower())
        for route in inspect.inspect_routes(client.app)
        for method in route.methods
        if not method.internal and route.path not in ABOUT_THE_DOCUMENT | THE_STUDIO
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
        if schema.get("type") == "object" and name != "Error":
            assert schema["additionalProperties"] is False
            assert schema["required"] == list(schema["properties"])


def described() -> list[tuple[str, str, Operation]]:
    table = routes(MemorySpike.build().spike, closing=threading.Event())
    return [
        (route.path, method, operation)
        for route in table
        for method, (operation, _) in operations_of(route.resource).items()
    ]


@pytest.mark.parametrize(("path", "method", "operation"), described(), ids=lambda value: getattr(value, "id", None))
def test_each_operation_is_counted_in_the_bucket_that_it_is_said_to_be(
    path: str, method: str, operation: Operation
) -> None:
    """Each bucket gets a limit of its own, so that the header tells which one counted."""
    buckets = {bucket: 1000 + number for number, bucket in enumerate(RateLimitGroup)}
    services = MemorySpike.build(with_limits(buckets))
    ada = Caller(testing.TestClient(create_app(services.spike)), services.register())
    answer = ada.client.simulate_request(method, re.sub(r"{\w+}", "unknown", path), headers=ada.headers)
    counted = answer.headers.get("X-RateLimit-Limit")
    if operation.access is Access.PUBLIC:
        assert counted is None
    else:
        assert counted == str(buckets[operation.bucket])


@pytest.mark.parametrize(("path", "method", "operation"), described(), ids=lambda value: getattr(value, "id", None))
def test_credentials_are_asked_for_where_they_are_said_to_be(path: str, method: str, operation: Operation) -> None:
    client = testing.TestClient(create_app(MemorySpike.build().spike))
    answer = client.simulate_request(method, re.sub(r"{\w+}", "unknown", path))
    assert (answer.status_code == 401) == (operation.access is Access.USER)
    bad = client.simulate_request(
        method, re.sub(r"{\w+}", "unknown", path), headers={"Authorization": "Bearer sk_live_forged"}
    )
    assert (bad.status_code == 401) == (operation.access in {Access.USER, Access.OPTIONAL_USER})


@pytest.mark.parametrize("path", sorted(ABOUT_THE_DOCUMENT))
def test_what_tells_of_the_api_is_sent_once(client: testing.TestClient, path: str) -> None:
    first = client.simulate_get(path)
    assert first.status_code == 200
    assert client.simulate_get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_the_page_names_every_operation_and_fetches_nothing_from_elsewhere(
    client: testing.TestClient, document: Document
) -> None:
    page = client.simulate_get("/docs")
    for _, _, operation in operations(document):
        assert f'<article id="{operation["operationId"]}">' in page.text
    assert set(re.findall(r'(?:src|href)="([^"#]+)"', page.text)) <= {"/docs.css", "/openapi.json"}
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_addresses_of_the_document_are_those_of_the_setting() -> None:
    spike = MemorySpike.build(Settings(public_url="https://spike.example.org")).spike
    document = testing.TestClient(create_app(spike)).simulate_get("/openapi.json").json
    assert document["servers"] == [{"url": "https://spike.example.org"}]
