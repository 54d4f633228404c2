"""Webhooks over HTTP."""

from typing import Any

import pytest

from caller import Caller
from memory_spike import MemorySpike
from spike_core.domain.webhooks import WEBHOOKS, WEBHOOKS_MAX

HOOKS = "/api/settings/webhooks"
URL = "https://app.example.org/hook"
VALID = {"url": URL, "events": ["job.completed", "tokens.moved"]}


def create(caller: Caller) -> Any:
    answer = caller.post(HOOKS, VALID)
    assert answer.status_code == 201
    return answer.json


def send(services: MemorySpike) -> None:
    services.spike.events.deliver(WEBHOOKS)
    for claimed in services.spike.webhooks.sending.claim(slots=9, quick_slots=9, slow_slots=9):
        services.spike.webhooks.sending.send(claimed)


def test_a_secret_is_shown_when_it_is_made_and_never_again(ada: Caller) -> None:
    created = create(ada)
    assert created["secret"].startswith("whsec_")
    listed = ada.get(HOOKS)
    assert listed.json == {"webhooks": [created["webhook"]]}
    assert created["webhook"] == {
        "id": created["webhook"]["id"],
        **VALID,
        "createdAt": "2026-01-01T12:00:00Z",
        "enabled": True,
        "disabledAt": None,
        "disabledBecause": None,
        "failingSince": None,
    }
    path = f"{HOOKS}/{created['webhook']['id']}"
    disabled = ada.patch(path, {"enabled": False, "events": ["job.failed"]})
    assert disabled.json["secret"] is None
    assert (disabled.json["webhook"]["disabledBecause"], disabled.json["webhook"]["events"]) == (
        "OWNER",
        ["job.failed"],
    )
    rotated = ada.patch(path, {"rotateSecret": True, "enabled": True})
    assert rotated.headers["cache-control"] == "no-store"
    assert rotated.json["secret"] not in {None, created["secret"]}
    assert rotated.json["webhook"]["enabled"] is True
    assert ada.delete(path).json == {"success": True, "message": "Webhook deleted successfully"}
    assert ada.delete(path).status_code == 404


def test_deliveries_are_listed_by_pages_and_sent_again(ada: Caller, bob: Caller, services: MemorySpike) -> None:
    path = f"{HOOKS}/{create(ada)['webhook']['id']}"
    tested = ada.post(f"{path}/test", {})
    assert tested.status_code == 202
    assert tested.json["delivery"]["state"] == "PENDING"
    services.receivers.statuses[URL] = 500
    send(services)
    ada.post(f"{path}/test", {})
    page = ada.get(f"{path}/deliveries?limit=1").json
    assert page["hasMore"] is True
    last = ada.get(f"{path}/deliveries?limit=1&cursor={page['nextCursor']}").json
    [failed] = last["deliveries"]
    assert (last["hasMore"], last["nextCursor"]) == (False, None)
    assert failed == {
        **tested.json["delivery"],
        "attempts": 1,
        "attemptedAt": "2026-01-01T12:00:00Z",
        "responseStatus": 500,
        "error": failed["error"],
        "nextAttemptAt": "2026-01-01T12:00:05Z",
        "log": [{"at": "2026-01-01T12:00:00Z", "milliseconds": 20, "responseStatus": 500, "error": None}],
    }
    again = ada.post(f"{path}/deliveries/{failed['id']}/redeliver", {})
    assert (again.status_code, again.json["delivery"]["attempts"]) == (202, 0)
    for of_ada in (f"{path}/test", f"{path}/deliveries/{failed['id']}/redeliver"):
        assert bob.post(of_ada, {}).status_code == 404
    assert bob.get(f"{path}/deliveries").status_code == 404
    ada.patch(path, {"enabled": False})
    assert ada.post(f"{path}/test", {}).json["error"] == "The webhook is disabled"


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": URL},
        {"events": ["job.completed"]},
        {"url": 3, "events": ["job.completed"]},
        {"url": URL, "events": []},
        {"url": URL, "events": "job.completed"},
        {"url": URL, "events": ["webhook.test"]},
        {"url": "https://localhost/", "events": ["job.completed"]},
        {"url": "x" * 3000, "events": ["job.completed"]},
    ],
)
def test_what_can_t_be_a_webhook_is_refused(ada: Caller, wrong: dict[str, object]) -> None:
    assert ada.post(HOOKS, wrong).status_code == 400
    path = f"{HOOKS}/{create(ada)['webhook']['id']}"
    assert len(wrong) == 1 or ada.patch(path, wrong).status_code == 400
    assert ada.patch(path, {"enabled": "yes"}).status_code == 400
    assert ada.get(HOOKS).json["webhooks"][0]["url"] == URL


def test_there_are_a_few_at_most(ada: Caller) -> None:
    for _ in range(WEBHOOKS_MAX):
        create(ada)
    answer = ada.post(HOOKS, VALID)
    assert (answer.status_code, answer.json["code"]) == (409, "CONFLICT")
