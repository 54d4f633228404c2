"""`SPIKE_CORS_ORIGINS`: which pages of other origins may call the API."""

from typing import Any

import pytest
from falcon import testing

from caller import Caller
from memory_spike import MemorySpike
from spike_http import create_app
from spike_runtime import Settings

APP = "https://app.example.org"
OTHER = "https://other.example.org"
ALLOWED = "Access-Control-Allow-Origin"
CREDENTIALS = "Access-Control-Allow-Credentials"


def serving(origins: str, **settings: Any) -> Caller:
    services = MemorySpike.build(Settings(cors_origins=origins, **settings))
    return Caller(testing.TestClient(create_app(services.spike)), services.register())


@pytest.fixture(scope="module")
def listed() -> Caller:
    return serving(f"{APP}, http://localhost:8080")


@pytest.fixture(scope="module")
def open_to_all() -> Caller:
    return serving(f"* {APP}")


def preflight(caller: Caller, path: str, origin: str, method: str = "POST") -> testing.Result:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    return caller.client.simulate_options(path, headers=headers)


@pytest.mark.parametrize("path", ["/api/images/upload", "/api/images", "/files/images/x.jpg", "/healthz", "/nowhere"])
def test_a_preflight_of_a_listed_origin_is_answered_for_every_path(listed: Caller, path: str) -> None:
    answer = preflight(listed, path, APP)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers[ALLOWED] == APP
    assert "Idempotency-Key" in answer.headers["Access-Control-Allow-Headers"]
    assert {"POST", "PATCH", "DELETE"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))


@pytest.mark.parametrize("origin", [OTHER, "null", f"{APP}.evil.org", "http://app.example.org", f"{APP}:444"])
def test_another_origin_gets_no_header(listed: Caller, origin: str) -> None:
    for answer in (
        preflight(listed, "/api/images", origin),
        listed.client.simulate_get("/api/images", headers={**listed.headers, "Origin": origin}),
    ):
        assert not [name for name in answer.headers if name.lower().startswith("access-control-allow")]
        assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("path", ["/api/images", "/api/images?limit=0", "/api/nowhere", "/files/images/x.jpg"])
def test_every_response_can_be_read_by_a_listed_origin_errors_too(listed: Caller, path: str) -> None:
    answer = listed.client.simulate_get(path, headers={"Origin": APP})
    assert (answer.headers[ALLOWED], answer.headers[CREDENTIALS]) == (APP, "true")
    exposed = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
    assert {"X-Request-ID", "Retry-After", "X-RateLimit-Reset", "ETag", "Content-Range"} <= exposed


def test_the_cookie_counts_from_listed_origins_alone(listed: Caller) -> None:
    cookie = {"Cookie": f"next-auth.session-token={listed.registered.session_token.text}"}

    def create(origin: str) -> int:
        headers = {**cookie, "Origin": origin, "Sec-Fetch-Site": "cross-site", "Content-Type": "application/json"}
        return listed.client.simulate_post("/api/albums", headers=headers, body='{"name": "x"}').status_code

    assert (create(APP), create(OTHER)) == (201, 403)


def test_with_a_star_any_page_may_call_without_the_cookie(open_to_all: Caller) -> None:
    answer = open_to_all.client.simulate_get("/api/tiers", headers={"Origin": OTHER})
    assert answer.headers[ALLOWED] == "*"
    assert CREDENTIALS.lower() not in answer.headers
    assert open_to_all.client.simulate_get("/api/tiers", headers={"Origin": APP}).headers[CREDENTIALS] == "true"
    headers = {"Origin": OTHER, "Cookie": f"next-auth.session-token={open_to_all.registered.session_token.text}"}
    refused = open_to_all.client.simulate_post("/api/albums", headers=headers, json={"name": "x"})
    assert (refused.status_code, refused.headers[ALLOWED]) == (403, "*")


def test_without_the_setting_nothing_is_allowed() -> None:
    answer = serving("").client.simulate_get("/healthz", headers={"Origin": APP})
    assert not {ALLOWED.lower(), "vary"} & set(answer.headers)


def test_below_a_path_it_is_the_same() -> None:
    caller = serving("HTTPS://App.Example.org:443", public_url="https://example.org/spike")
    assert preflight(caller, "/spike/api/images", APP).headers[ALLOWED] == APP


@pytest.mark.parametrize(
    "origins",
    [
        "app.example.org",
        f"{APP}/",
        f"{APP}/path",
        "https://*.example.org",
        "null",
        "https://a:99999",
        "ftp://a",
        f"{APP}\nx",
    ],
)
def test_a_wrong_setting_is_refused(origins: str) -> None:
    with pytest.raises(ValueError, match="SPIKE_CORS_ORIGINS must be origins"):
        Settings(cors_origins=origins)
