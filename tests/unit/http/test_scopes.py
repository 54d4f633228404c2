"""What API keys may be used for: one table, for every operation."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from falcon import testing

from caller import PICTURE, Caller
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, a_form, a_part, an_upload
from spike_core.domain.api_keys import ALL_SCOPES, ApiKeyName, ApiKeyRules, Scope
from spike_core.domain.secrets import Secret
from spike_core.domain.tokens import Tokens
from spike_http import create_app
from spike_http.scopes import SCOPES

KEYS: Final = "/api/settings/api-keys"
NOT_FOUND_ID: Final = "x" * 24
SPENDING: Final = [
    operation for operation, scope in SCOPES.items() if scope is Scope.SPEND and "cancel" not in operation
]
SHARED: Final = MemorySpike.build()  # of tests that are refused, or change nothing
CLIENT: Final = testing.TestClient(create_app(SHARED.spike))
ADA: Final = SHARED.register()


def a_key(
    services: MemorySpike, caller: Caller, scopes: frozenset[Scope] = ALL_SCOPES, limit: int | None = None
) -> str:
    rules = ApiKeyRules(scopes=scopes, monthly_limit=None if limit is None else Tokens(limit))
    accounts = services.spike.accounts
    for key in accounts.api_keys.of(caller.registered.user.id):
        if key.name.text == "scoped":
            accounts.api_keys.revoke(caller.registered.user.id, key.id)
    return accounts.api_keys.create(caller.registered.user.id, ApiKeyName("scoped"), rules).secret.text


def ask(client: testing.TestClient, operation: str, secret: str, **request: Any) -> testing.Result:
    method, route = operation.split()
    path = re.sub(r"\{\w+\}", NOT_FOUND_ID, route)
    headers = {"Authorization": f"Bearer {secret}", **request.pop("headers", {})}
    return client.simulate_request(method, path, headers=headers, **request)


def test_every_operation_of_the_document_that_takes_credentials_has_a_scope() -> None:
    document = CLIENT.simulate_get("/openapi.json").json
    described = {
        f"{method.upper()} {re.sub('([A-Z])', lambda match: '_' + match[1].lower(), path)}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }
    assert {operation for operation, each in described.items() if each["security"]} == {*SCOPES}
    for operation, scope in SCOPES.items():
        roles = [each["bearer"] for each in described[operation]["security"] if "bearer" in each]
        assert roles == [[scope.value] if scope else []]


@pytest.mark.parametrize("operation", SCOPES)
def test_a_key_needs_the_operations_scope_and_no_other(operation: str) -> None:
    """A session needs none. What is asked for doesn't exist, so that nothing else happens."""
    ada, required = Caller(CLIENT, ADA), SCOPES[operation]
    lacking = a_key(SHARED, ada, ALL_SCOPES - {required} if required else ALL_SCOPES)
    refused = ask(CLIENT, operation, lacking)
    assert refused.status_code == 403
    assert refused.json["code"] == ("INSUFFICIENT_SCOPE" if required else "SESSION_REQUIRED")
    if required:
        assert refused.json["scope"] == required.value
        assert f"the scope {required.value}" in refused.json["suggestion"]
        if operation != "DELETE /api/session":  # no session would be left
            assert ask(CLIENT, operation, a_key(SHARED, ada, frozenset({required}))).status_code != 403


def test_an_operation_that_isnt_in_the_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    key = a_key(SHARED, Caller(CLIENT, ADA))
    monkeypatch.delitem(SCOPES, "GET /api/tokens/balance")
    refused = ask(CLIENT, "GET /api/tokens/balance", key)
    assert (refused.status_code, refused.json["code"]) == (403, "SESSION_REQUIRED")


def test_head_needs_what_get_needs_and_a_slash_at_the_end_nothing_more() -> None:
    ada = Caller(CLIENT, ADA)
    spends, reads = a_key(SHARED, ada, frozenset({Scope.SPEND})), ADA.api_key.text
    for method, path in (("HEAD", "/api/images"), ("GET", "/api/images/")):
        for secret, status in ((spends, 403), (reads, 200)):
            headers = {"Authorization": f"Bearer {secret}"}
            assert CLIENT.simulate_request(method, path, headers=headers).status_code == status
        spends = a_key(SHARED, ada, frozenset({Scope.SPEND}))


def test_a_key_makes_no_key(ada: Caller) -> None:
    headers = {"Authorization": f"Bearer {ada.registered.api_key.text}"}
    refused = ada.client.simulate_post(KEYS, headers=headers, json={"name": "ci"})
    assert (refused.status_code, refused.json["code"]) == (403, "SESSION_REQUIRED")
    assert refused.json["suggestion"] == "Please sign in: an API key opens no session and creates no keys"
    assert len(ada.get(KEYS).json["apiKeys"]) == 1


def json_request(**body: Any) -> dict[str, Any]:
    return {"body": json.dumps(body), "headers": {"Content-Type": "application/json"}}


def form_request(body: bytes) -> dict[str, Any]:
    return {"body": body, "headers": {"Content-Type": CONTENT_TYPE}}


REQUESTS: Final[dict[str, Callable[[str], dict[str, Any]]]] = {
    "POST /api/images/upload": lambda _id: form_request(an_upload(PICTURE)),
    "POST /api/images/batch-upload": lambda _id: form_request(a_form(a_part("files", PICTURE, filename="a.jpg"))),
    "POST /api/images/enhance": lambda id_: json_request(imageId=id_, tier="TIER_1K"),
    "POST /api/images/parallel-enhance": lambda id_: json_request(imageId=id_, tiers=["TIER_1K"]),
    "POST /api/images/batch-enhance": lambda id_: json_request(imageIds=[id_], tier="TIER_1K"),
    "POST /api/mcp/generate": lambda _id: json_request(prompt="sea", tier="TIER_1K"),
    "POST /api/mcp/modify": lambda _id: json_request(
        prompt="sea", tier="TIER_1K", imageUrl="https://example.org/picture.png"
    ),
}


@pytest.mark.parametrize("idempotency", [{}, {"Idempotency-Key": "once"}], ids=["plain", "idempotent"])
@pytest.mark.parametrize("operation", SPENDING)
def test_whatever_a_key_buys_counts_for_its_limit(
    services: MemorySpike, ada: Caller, operation: str, idempotency: dict[str, str]
) -> None:
    """One enhancement costs two tokens: the key may buy one."""
    services.pages["https://example.org/picture.png"] = PICTURE
    image_id = ada.upload().json["image"]["id"]
    key = a_key(services, ada, limit=3)
    request = REQUESTS[operation](image_id)
    request["headers"] |= idempotency
    bought = ask(ada.client, operation, key, **request)
    assert bought.status_code == 200
    before = services.holdings
    if idempotency:
        replayed = ask(ada.client, operation, key, **REQUESTS[operation](image_id) | {"headers": request["headers"]})
        assert (replayed.status_code, replayed.json) == (200, bought.json)
        request["headers"] |= {"Idempotency-Key": "twice"}
    refused = ask(ada.client, operation, key, **REQUESTS[operation](image_id) | {"headers": request["headers"]})
    assert (refused.status_code, refused.json["code"]) == (403, "API_KEY_LIMIT_REACHED")
    assert [refused.json[name] for name in ("required", "used", "limit")] == [2, 2, 3]
    assert services.holdings == before, "nothing is charged, and nothing stored"
    [listed] = [each for each in ada.get(KEYS).json["apiKeys"] if each["name"] == "scoped"]
    assert (listed["spentThisMonth"], listed["monthlyLimit"]) == (2, 3)


def test_a_key_is_created_with_rules_and_shown_with_them(ada: Caller, services: MemorySpike) -> None:
    rules = {"scopes": ["spend", "read"], "expiresAt": "2026-01-02T13:00:00+01:00", "monthlyLimit": 50}
    created = ada.post(KEYS, {"name": "ci", **rules}).json["apiKey"]
    shown = {"scopes": ["read", "spend"], "expiresAt": "2026-01-02T12:00:00Z", "monthlyLimit": 50}
    assert {name: created[name] for name in shown} == shown
    [listed] = [each for each in ada.get(KEYS).json["apiKeys"] if each["id"] == created["id"]]
    assert {name: listed[name] for name in shown} == shown
    assert (listed["isActive"], listed["spentThisMonth"]) == (True, 0)
    services.clock.advance(timedelta(days=1))
    [listed] = [each for each in ada.get(KEYS).json["apiKeys"] if each["id"] == created["id"]]
    assert (listed["isActive"], listed["revokedAt"]) == (False, None)
    assert ask(ada.client, "GET /api/images", created["key"]).status_code == 401


@pytest.mark.parametrize(
    "rules",
    [
        {"scopes": []},
        {"scopes": "read"},
        {"scopes": ["admin"]},
        {"scopes": [7]},
        {"expiresAt": "2026-01-01T12:00:00Z"},
        {"expiresAt": "2027-01-01T12:00:00"},
        {"expiresAt": "soon"},
        {"expiresAt": 7},
        {"expiresAt": "9999-12-31T23:59:59-23:00"},
        {"expiresAt": "0001-01-01T00:00:00+23:00"},
        {"monthlyLimit": 0},
        {"monthlyLimit": -1},
        {"monthlyLimit": 1.5},
        {"monthlyLimit": True},
        {"monthlyLimit": "50"},
        {"monthlyLimit": 10**30},
    ],
)
def test_bad_rules_are_refused_and_make_no_key(rules: dict[str, Any]) -> None:
    ada = Caller(CLIENT, ADA)
    before = ada.get(KEYS).json
    answer = ada.post(KEYS, {"name": "ci", **rules})
    assert (answer.status_code, answer.json["code"]) == (400, "INVALID_INPUT")
    assert ada.get(KEYS).json == before


def test_a_sign_in_link_is_a_credential_for_signing_in_once_and_for_nothing_else(
    services: MemorySpike, ada: Caller
) -> None:
    link = services.spike.accounts.sessions.open_link(ada.registered.user.id).token
    assert ask(ada.client, "GET /api/tokens/balance", link.text).status_code == 401
    assert ask(ada.client, "POST /api/session", link.text).status_code == 201
    assert ask(ada.client, "POST /api/session", link.text).status_code == 401
    assert ask(ada.client, "POST /api/session", Secret("unknown").text).status_code == 401


def test_sessions_are_listed_and_all_ended_at_once(services: MemorySpike, ada: Caller, bob: Caller) -> None:
    services.clock.advance(timedelta(hours=1))
    cookie = ada.post("/api/session").cookies["next-auth.session-token"]
    cookies = {cookie.name: cookie.value}
    listed = ada.client.simulate_get("/api/sessions", cookies=cookies)
    assert listed.headers["cache-control"] == "no-store"
    assert listed.json["sessions"] == [
        {
            "createdAt": "2026-01-01T13:00:00Z",
            "lastUsedAt": "2026-01-01T13:00:00Z",
            "expiresAt": "2026-01-31T13:00:00Z",
            "isCurrent": True,
        },
        {
            "createdAt": "2026-01-01T12:00:00Z",
            "lastUsedAt": "2026-01-01T13:00:00Z",
            "expiresAt": "2026-01-31T12:00:00Z",
            "isCurrent": False,
        },
    ]
    key = ada.registered.api_key.text
    assert not any(each["isCurrent"] for each in ask(ada.client, "GET /api/sessions", key).json["sessions"])
    assert ada.client.simulate_delete("/api/session", params={"all": "yes"}, cookies=cookies).status_code == 400
    assert ada.client.simulate_delete("/api/session", params={"all": "true"}).status_code == 401
    out = ada.client.simulate_delete("/api/session", params={"all": "true"}, cookies=cookies)
    assert (out.status_code, out.cookies[cookie.name].value) == (200, "")
    assert [ada.get("/api/images").status_code, bob.get("/api/images").status_code] == [401, 200]
    assert ada.client.simulate_get("/api/images", cookies=cookies).status_code == 401
    assert ask(ada.client, "GET /api/images", key).status_code == 200
