"""The endpoint table of `docs/reference/http.md`: its routes, limits and errors are those of the application.

Nothing is taken from the handlers' source: the routes are the router's, all else is asked of the application.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from attrs import fields, frozen
from falcon import inspect, testing

from caller import Caller
from memory_spike import MemorySpike, with_limits
from spike_contracts.builders import a_body
from spike_core.domain.rate_limits import RateLimitGroup
from spike_http import create_app
from spike_runtime import Settings

PAGE: Final = (Path(__file__).parents[3] / "docs/reference/http.md").read_text(encoding="utf-8")
ROW: Final = re.compile(
    r"^\| .+ \| `(\w+) (\S+)` \| (required|optional|none) \| (\d+|none) \| ([\d ]+|none) \|$", re.MULTILINE
)
RATE_ROW: Final = re.compile(
    r"^\| \[`(\w+) (\S+)`\]\(#\S+\) \| \d+ \| \[`(SPIKE_RATE_\w+)`\]\(settings\.md\) \|$", re.MULTILINE
)
SECTION: Final = re.compile(r"^### .+\n\n`(\w+) (\S+)`, credentials: (\w+)\n", re.MULTILINE)
ERROR_ROW: Final = re.compile(r"^\| (\d{3}) \| `[A-Z_]+` \| .+ \|$", re.MULTILINE)
PARAMETER: Final = re.compile(r"\{([\w:]+)\}")
UNKNOWN: Final = {
    "imageId": f"img_{a_body()}",
    "albumId": f"album_{a_body()}",
    "jobId": f"job_{a_body()}",
    "batchId": f"batch-{a_body()}",
    "keyId": f"key_{a_body()}",
    "webhookId": f"hook_{a_body()}",
    "deliveryId": f"dlv_{a_body()}",
    "folder": "images",
    "name": "unknown.jpg",
    "version": "unknown",
    "path:path": "unknown.js",
}
ERROR: Final = re.compile(r"^\| ([45]\d\d) \| .+ \|$", re.MULTILINE)
NO_REST: Final = ("/studio", "/mcp", "/.well-known")
UNLIMITED: Final = with_limits(dict.fromkeys(RateLimitGroup, 0))
FOR_ALL: Final = {403, 429, 500}  # what the text above the table says of all


@frozen(order=True)
class Endpoint:
    method: str
    path: str

    def __str__(self) -> str:
        """Return the id of its test."""
        return f"{self.method} {self.path}"

    @property
    def somewhere(self) -> str:
        """The path with ids of nonexistent resources."""
        return PARAMETER.sub(lambda match: UNKNOWN[match[1]], self.path)


@frozen
class Documented:
    credentials: str
    limit: int  # 0 is none
    errors: frozenset[int]


TABLE: Final[Mapping[Endpoint, Documented]] = {
    Endpoint(method, path): Documented(
        credentials,
        0 if limit == "none" else int(limit),
        frozenset(int(status) for status in re.findall(r"\d+", errors)),
    )
    for method, path, credentials, limit, errors in ROW.findall(PAGE)
}


def as_documented(template: str) -> str:
    """Return the router's path in the page's notation: `{imageId}` for `{image_id}`."""
    return PARAMETER.sub(lambda match: re.sub(r"_(\w)", lambda found: found[1].upper(), match[0]), template)


def a_client(settings: Settings | None = None) -> Caller:
    services = MemorySpike.build(settings)
    return Caller(testing.TestClient(create_app(services.spike)), services.register())


def ask(caller: Caller, endpoint: Endpoint, body: str = "", **headers: str) -> testing.Result:
    """Send a request without credentials, unless given as headers; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return caller.client.simulate_request(endpoint.method, endpoint.somewhere, headers=named, body=body)


def test_each_route_and_method_has_one_row() -> None:
    routes = inspect.inspect_routes(a_client().client.app)
    served = {
        Endpoint(method.method, as_documented(route.path))
        for route in routes
        for method in route.methods
        if not method.internal
    }
    assert {*TABLE} == served
    assert len(ROW.findall(PAGE)) == len(served)


def test_each_row_with_a_limit_names_the_limit_of_its_bucket() -> None:
    """Each group has a different limit, so that the response's header identifies the group that counted."""
    names = [field.name for field in fields(Settings) if field.name.startswith("rate_") and field.type is int]
    own: dict[str, Any] = {name: 1000 + number for number, name in enumerate(names) if name != "rate_general"}
    caller = a_client(Settings(**own))
    counted: dict[Endpoint, str] = {}
    for endpoint in TABLE:
        limit = ask(caller, endpoint, **caller.headers).headers.get("X-RateLimit-Limit")
        if limit is not None:
            (counted[endpoint],) = (name for name in own if own[name] == int(limit))
    assert {endpoint: documented.limit for endpoint, documented in TABLE.items() if documented.limit} == {
        endpoint: getattr(Settings(), name) for endpoint, name in counted.items()
    }
    named = {Endpoint(method, path): setting for method, path, setting in RATE_ROW.findall(PAGE)}
    assert named == {endpoint: f"SPIKE_{name.upper()}" for endpoint, name in counted.items()}


def test_credentials_are_needed_as_told() -> None:
    """Where they are optional, it depends on the resource; here the resource doesn't exist."""
    caller = a_client(UNLIMITED)
    for endpoint in TABLE:
        documented = TABLE[endpoint]
        status = ask(caller, endpoint).status_code
        assert documented.credentials != "required" or status == 401, endpoint
        assert documented.credentials != "none" or status != 401, endpoint
        assert (401 in documented.errors) == (documented.credentials != "none"), endpoint


def test_what_bad_requests_are_answered_is_told() -> None:
    bad_query = {"limit": "0", "wait": "x", "cursor": "?"}
    services = MemorySpike.build(UNLIMITED)
    client = testing.TestClient(create_app(services.spike))
    for number, endpoint in enumerate(TABLE):
        caller = Caller(client, services.register(f"{number}@example.org"))
        answers = [
            ask(caller, endpoint),
            ask(caller, endpoint, Authorization="Bearer wrong"),
            ask(caller, endpoint, **caller.headers),
            ask(caller, endpoint, "hello", Content_Type="text/plain", **caller.headers),
            ask(caller, endpoint, "{}", Content_Type="application/json", **caller.headers),
            ask(caller, endpoint, "{", Content_Type="application/json", **caller.headers),
            caller.client.simulate_request(
                endpoint.method, endpoint.somewhere, headers=caller.headers, params=bad_query
            ),
        ]
        seen = {answer.status_code for answer in answers if answer.status_code >= 400}
        documented = TABLE[endpoint].errors
        assert seen <= documented, endpoint
        assert (415 in documented) == (415 in seen), endpoint
        assert 404 in documented or "{" not in endpoint.path, endpoint


def test_a_limit_is_documented_by_429() -> None:
    """And a budget, which is the only limit of enhancing many images."""
    for endpoint in TABLE:
        has_budget = endpoint == Endpoint("POST", "/api/images/batch-enhance")
        assert (429 in TABLE[endpoint].errors) == (TABLE[endpoint].limit > 0 or has_budget), endpoint


def test_the_idempotency_key_is_documented_by_409_and_422() -> None:
    app = a_client().client.app
    for endpoint in TABLE:
        route = app._router.find(endpoint.somewhere)
        assert route is not None, endpoint
        takes_key = endpoint.method == "POST" and hasattr(route[0], "responder")
        assert (422 in TABLE[endpoint].errors) == takes_key, endpoint
        assert not takes_key or 409 in TABLE[endpoint].errors, endpoint


def test_a_row_has_the_errors_of_its_section() -> None:
    """The section explains them, and includes the errors that the table states for all endpoints."""
    sections = {Endpoint(method, path): credentials for method, path, credentials in SECTION.findall(PAGE)}
    for endpoint in TABLE:
        if endpoint not in sections:
            pages = (*NO_REST, "/docs", "/share", "/openapi.json")
            assert endpoint.path.startswith(pages) or endpoint.path == "/", endpoint
            continue
        assert sections[endpoint] == TABLE[endpoint].credentials, endpoint
        section = PAGE.partition(f"\n`{endpoint}`, credentials: ")[2].partition("\n### ")[0].partition("\n## ")[0]
        said = {int(status) for status in ERROR.findall(section)}
        assert TABLE[endpoint].errors <= said, endpoint
        assert said - TABLE[endpoint].errors <= FOR_ALL, endpoint


def test_the_openapi_document_has_the_same_errors() -> None:
    """Except for those stated for all endpoints below the table, and a 400 for any query parameters."""
    paths = a_client().client.simulate_get("/openapi.json").json["paths"]
    stated = {
        (method.upper(), PARAMETER.sub("", path)): {int(status) for status in operation["responses"] if status >= "400"}
        for path, operations in paths.items()
        for method, operation in operations.items()
    }
    for endpoint, documented in TABLE.items():
        if endpoint.path.startswith((*NO_REST, "/docs/", "/share/")):
            continue  # a page is no part of the API
        answers = stated.pop((endpoint.method, PARAMETER.sub("", endpoint.path)), set())
        assert documented.errors - answers == set(), endpoint
        assert answers - documented.errors <= {400, 403, 429, 500}, endpoint
        assert 400 in documented.errors or 400 not in answers or endpoint.method == "GET", endpoint
    assert stated == {}, "each operation has a row"


def test_each_error_of_the_table_is_one_that_the_page_lists() -> None:
    listed = {int(status) for status in ERROR_ROW.findall(PAGE)}
    assert {status for documented in TABLE.values() for status in documented.errors} <= listed
