"""Credentials, errors and headers of all responses."""

import re
from datetime import timedelta
from typing import Any

import falcon
import pytest
from falcon import testing

from caller import Caller
from memory_spike import MemorySpike
from spike_core.domain.errors import SpikeError
from spike_core.domain.identifiers import ImageId
from spike_http import create_app
from spike_http.context import Request
from spike_http.error_handlers import add_error_handlers
from spike_http.errors import TABLE
from spike_http.middleware import RequestMiddleware
from spike_memory import CountingIds
from spike_runtime import Settings
from subclasses import family

SPEC_CODES = {
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "INVALID_INPUT": 400,
    "FILE_TOO_LARGE": 400,
    "RATE_LIMIT": 429,
    "INSUFFICIENT_TOKENS": 402,
    "INTERNAL_ERROR": 500,
}
OWN_CODES = {
    "CONFLICT": 409,
    "IDEMPOTENCY_KEY_REUSED": 422,
    "SERVER_BUSY": 503,
    "TOO_MANY_JOBS": 429,
    "QUOTA_EXCEEDED": 403,
    "STORAGE_FULL": 503,
    "SESSION_REQUIRED": 403,
    "INSUFFICIENT_SCOPE": 403,
    "UNTRUSTED_HOST": 403,
    "WALLET_NOT_FOUND": 403,
    "API_KEY_LIMIT_REACHED": 403,
    "NO_ACCOUNT": 403,
    "SIGN_UP_CLOSED": 403,
    "IDENTITY_NOT_LINKED": 403,
    "VERIFIED_EMAIL_REQUIRED": 403,
}  # what the API's text has no code for


def test_the_error_table_is_total() -> None:
    assert {*family(SpikeError)} == {SpikeError, *TABLE}


def test_every_code_goes_with_the_apis_status() -> None:
    for row in TABLE.values():
        assert {**SPEC_CODES, **OWN_CODES}[row.code] == row.status, row.code


def test_a_session_token_an_api_key_and_both_cookies_open_the_gate(ada: Caller) -> None:
    token, key = ada.registered.session_token.text, ada.registered.api_key.text
    for headers in (
        {"Authorization": f"Bearer {token}"},
        {"Authorization": f"bearer {key}"},
        {"Cookie": f"next-auth.session-token={token}"},
        {"Cookie": f"a=b; __Secure-next-auth.session-token={token}"},
    ):
        assert ada.client.simulate_get("/api/tokens/balance", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer sk_live_wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic YTpi"},
        {"Authorization": ""},
        {"Cookie": "next-auth.session-token=wrong"},
        {"Cookie": "session=x"},
        {"Authorization": "Bearer \xff\xfe"},
    ],
)
def test_no_or_a_bad_credential_is_refused(ada: Caller, headers: dict[str, str]) -> None:
    answer = ada.client.simulate_get("/api/tokens/balance", headers=headers)
    assert answer.status_code == 401
    assert answer.json == {
        "error": "You must be logged in to access this resource",
        "title": "Authentication Required",
        "suggestion": "Please log in and try again",
        "code": "UNAUTHORIZED",
        "requestId": answer.headers["x-request-id"],
    }


def test_a_bad_bearer_is_refused_beside_a_good_cookie(ada: Caller) -> None:
    headers = {
        "Authorization": "Bearer wrong",
        "Cookie": f"next-auth.session-token={ada.registered.session_token.text}",
    }
    assert ada.client.simulate_get("/api/tokens/balance", headers=headers).status_code == 401


def test_an_expired_session_is_refused(ada: Caller, services: MemorySpike) -> None:
    services.clock.advance(timedelta(days=30))
    assert ada.get("/api/tokens/balance").status_code == 401


def test_a_revoked_key_is_refused(ada: Caller, services: MemorySpike) -> None:
    key = ada.registered.api_key
    headers = {"Authorization": f"Bearer {key.text}"}
    assert ada.client.simulate_get("/api/tokens/balance", headers=headers).status_code == 200
    with services.spike.database.transactions.begin() as tx:
        tx.api_keys.put(tx.api_keys.by_hash(key.hash).revoke(now=services.clock.now()))
    assert ada.client.simulate_get("/api/tokens/balance", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 404),
        ({"Origin": "http://falconframework.org"}, 404),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_a_cookie_is_only_taken_from_our_own_pages(ada: Caller, headers: dict[str, str], status: int) -> None:
    cookie = {"Cookie": f"next-auth.session-token={ada.registered.session_token.text}"}
    answer = ada.client.simulate_post("/api/jobs/none/cancel", headers={**headers, **cookie})
    assert answer.status_code == status


def test_every_answer_has_a_request_id_of_ours(client: testing.TestClient) -> None:
    seen = set()
    for path in ("/healthz", "/nowhere", "/api/tokens/balance"):
        answer = client.simulate_get(path, headers={"X-Request-ID": "mine"})
        assert re.fullmatch(r"req_[a-z0-9]{24}", answer.headers["x-request-id"])
        seen.add(answer.headers["x-request-id"])
    assert len(seen) == 3


def test_an_unknown_path_has_the_apis_shape(client: testing.TestClient) -> None:
    answer = client.simulate_get("/api/nowhere")
    assert answer.status_code == 404
    assert answer.json.keys() == {"error", "title", "suggestion", "code", "requestId"}


def test_a_wrong_method_names_the_right_ones(client: testing.TestClient) -> None:
    answer = client.simulate_get("/api/images/enhance")
    assert (answer.status_code, answer.json["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert "POST" in answer.headers["allow"]


class Broken:
    def on_get(self, _req: falcon.Request, _resp: falcon.Response) -> None:
        raise RuntimeError("SELECT secret FROM /etc/passwd")


def test_an_unforeseen_error_leaks_nothing() -> None:
    app = falcon.App(
        request_type=Request, middleware=[RequestMiddleware(CountingIds(), MemorySpike.build().spike.metrics)]
    )
    add_error_handlers(app)
    app.add_route("/", Broken())
    answer = testing.TestClient(app).simulate_get("/")
    assert (answer.status_code, answer.json["code"]) == (500, "INTERNAL_ERROR")
    assert "SELECT" not in answer.text
    assert "passwd" not in answer.text


def test_health_and_readiness_are_told(services: MemorySpike, client: testing.TestClient) -> None:
    services.spike.maintenance.presence.report()
    assert client.simulate_get("/healthz").json == {"status": "ok"}
    assert client.simulate_get("/readyz").json == {
        "status": "ready",
        "checks": {"database": "ok", "storage": "ok", "broker": "ok", "workers": "ok", "connections": "ok"},
        "reasons": {},
    }


@pytest.mark.parametrize(
    ("settings", "prefix"),
    [
        (Settings(cdn_url="https://cdn.example/"), "https://cdn.example/images/"),
        (Settings(public_url="https://spike.example"), "https://spike.example/files/images/"),
    ],
)
def test_addresses_follow_the_settings(settings: Settings, prefix: str) -> None:
    services = MemorySpike.build(settings)
    ada = Caller(testing.TestClient(create_app(services.spike)), services.register())
    image: Any = ada.upload().json["image"]
    assert image["url"].startswith(prefix + str(ImageId.parse(image["id"])) + ".jpg")
