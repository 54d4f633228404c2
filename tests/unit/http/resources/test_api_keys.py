"""API keys over HTTP."""

import re
from datetime import timedelta
from typing import Any

import pytest
from falcon import testing

from caller import Caller
from memory_spike import MemorySpike
from spike_core.domain.identifiers import ApiKeyId

KEYS = "/api/settings/api-keys"
UNLIMITED = {
    "scopes": ["read", "spend", "manage"],
    "expiresAt": None,
    "monthlyLimit": None,
    "spentThisMonth": None,
}
UNKNOWN = ApiKeyId.of("x" * 24)


def create(caller: Caller, name: str = "ci") -> Any:
    answer = caller.post(KEYS, {"name": name})
    assert answer.status_code == 201
    return answer.json["apiKey"]


def status_with(client: testing.TestClient, key: str) -> int:
    return client.simulate_get("/api/tokens/balance", headers={"Authorization": f"Bearer {key}"}).status_code


def test_a_new_key_is_shown_this_once_and_opens_the_gate(ada: Caller, client: testing.TestClient) -> None:
    answer = ada.post(KEYS, {"name": "build server"})
    key = answer.json["apiKey"]
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json == {
        "success": True,
        "apiKey": {
            "id": key["id"],
            "name": "build server",
            "keyPrefix": key["key"][:12],
            "createdAt": "2026-01-01T12:00:00Z",
            "scopes": ["read", "spend", "manage"],
            "expiresAt": None,
            "monthlyLimit": None,
            "key": key["key"],
        },
    }
    assert re.fullmatch("key_[a-z0-9]{24}", key["id"])
    assert key["key"].startswith("sk_live_")
    assert status_with(client, key["key"]) == 200
    assert key["key"] not in ada.get(KEYS).text


def test_keys_are_listed_newest_first_without_key_or_hash(ada: Caller, bob: Caller, services: MemorySpike) -> None:
    services.clock.advance(timedelta(hours=1))
    new = create(ada)
    services.clock.advance(timedelta(hours=1))
    ada.delete(f"{KEYS}/{new['id']}")
    listed = ada.get(KEYS).json
    assert listed == {
        "success": True,
        "apiKeys": [
            {
                "id": new["id"],
                "name": "ci",
                "keyPrefix": new["keyPrefix"],
                "createdAt": "2026-01-01T13:00:00Z",
                "revokedAt": "2026-01-01T14:00:00Z",
                "isActive": False,
                **UNLIMITED,
            },
            {
                "id": listed["apiKeys"][1]["id"],
                "name": "first",
                "keyPrefix": ada.registered.api_key.shown,
                "createdAt": "2026-01-01T12:00:00Z",
                "revokedAt": None,
                "isActive": True,
                **UNLIMITED,
            },
        ],
    }
    assert [key["keyPrefix"] for key in bob.get(KEYS).json["apiKeys"]] == [bob.registered.api_key.shown]


def test_a_revoked_key_is_refused_at_once_and_revoking_can_be_repeated(ada: Caller, client: testing.TestClient) -> None:
    new = create(ada)
    for _ in range(2):
        answer = ada.delete(f"{KEYS}/{new['id']}")
        assert (answer.status_code, answer.json) == (200, {"success": True, "message": "API key revoked successfully"})
        assert status_with(client, new["key"]) == 401


def test_a_key_can_revoke_itself(ada: Caller, client: testing.TestClient) -> None:
    new = create(ada)
    headers = {"Authorization": f"Bearer {new['key']}"}
    assert client.simulate_delete(f"{KEYS}/{new['id']}", headers=headers).status_code == 200
    assert client.simulate_delete(f"{KEYS}/{new['id']}", headers=headers).status_code == 401


@pytest.mark.parametrize("key_id", [str(UNKNOWN), "key_123", "x", "key_" + "é" * 24])
def test_an_unknown_key_is_not_found(ada: Caller, key_id: str) -> None:
    answer = ada.delete(f"{KEYS}/{key_id}")
    assert (answer.status_code, answer.json["code"]) == (404, "NOT_FOUND")


def test_somebody_elses_key_is_not_found_and_goes_on(ada: Caller, bob: Caller, client: testing.TestClient) -> None:
    new = create(ada)
    assert bob.delete(f"{KEYS}/{new['id']}").status_code == 404
    assert status_with(client, new["key"]) == 200


def test_an_eleventh_key_is_refused_until_one_is_revoked(ada: Caller) -> None:
    made = [create(ada) for _ in range(9)]
    refused = ada.post(KEYS, {"name": "one more"})
    assert refused.status_code == 409
    assert refused.json == {
        "error": "You already have 10 active API keys",
        "title": "Too Many API Keys",
        "suggestion": "Please revoke a key that you no longer need, then try again",
        "code": "CONFLICT",
        "requestId": refused.json["requestId"],
    }
    assert len(ada.get(KEYS).json["apiKeys"]) == 10
    ada.delete(f"{KEYS}/{made[0]['id']}")
    create(ada)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": None},
        {"name": ""},
        {"name": " \t"},
        {"name": 7},
        {"name": ["ci"]},
        {"name": "a" * 101},
        {"name": "a\nb"},
        [],
    ],
)
def test_a_bad_name_is_refused_and_makes_no_key(ada: Caller, body: Any) -> None:
    answer = ada.post(KEYS, body)
    assert (answer.status_code, answer.json["code"]) == (400, "INVALID_INPUT")
    assert len(ada.get(KEYS).json["apiKeys"]) == 1


def test_half_a_surrogate_pair_is_no_name(ada: Caller) -> None:
    headers = {**ada.headers, "Content-Type": "application/json"}
    answer = ada.client.simulate_post(KEYS, headers=headers, body=r'{"name": "\ud800"}')
    assert (answer.status_code, answer.json["code"]) == (400, "INVALID_INPUT")


def test_keys_are_nobodys_business_without_credentials(client: testing.TestClient) -> None:
    assert client.simulate_get(KEYS).status_code == 401
    assert client.simulate_post(KEYS, json={"name": "ci"}).status_code == 401
    assert client.simulate_delete(f"{KEYS}/{UNKNOWN}").status_code == 401


def test_another_sites_page_cannot_use_the_cookie(ada: Caller) -> None:
    headers = {
        "Cookie": f"next-auth.session-token={ada.registered.session_token.text}",
        "Origin": "https://evil.example",
    }
    [key] = ada.get(KEYS).json["apiKeys"]
    assert ada.client.simulate_post(KEYS, headers=headers, json={"name": "ci"}).status_code == 403
    assert ada.client.simulate_delete(f"{KEYS}/{key['id']}", headers=headers).status_code == 403
    assert ada.get(KEYS).json["apiKeys"] == [key]
