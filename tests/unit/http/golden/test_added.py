"""Endpoints that the specification's clients need but that it only mentions, by CONTRACT."""

import pytest
from falcon import testing

from caller import Caller
from golden.added import API_KEY, BALANCE, HISTORY, IMAGES, NEW_API_KEY, NO_EXPIRY
from golden.errors import NOT_FOUND, refusal
from golden.images import a_completed_job, a_job, an_image
from golden.looks import TIME, an_id, assert_served
from memory_spike import MemorySpike

ENDED = refusal(
    "The resource is not in a state that allows this",
    "Conflict",
    "Please check its current state and try again",
    code="CONFLICT",
)
WAITING = a_job("TIER_1K", "PROCESSING", 2, started=None, queuePosition=1)


@pytest.fixture
def uploaded(ada: Caller) -> tuple[str, str]:
    """An image's id and its job's."""
    answer = ada.upload().json
    return answer["image"]["id"], answer["enhancement"]["jobId"]


def test_a_balance_and_its_history(ada: Caller, services: MemorySpike, uploaded: tuple[str, str]) -> None:
    assert uploaded
    services.work()
    assert_served(BALANCE, ada.get("/api/tokens/balance").json)
    assert_served(BALANCE, ada.get("/api/mcp/balance").json)
    assert_served(HISTORY, ada.get("/api/tokens/history").json)


def test_a_job_waiting_and_ended(ada: Caller, services: MemorySpike, uploaded: tuple[str, str]) -> None:
    _, job_id = uploaded
    assert_served({"success": True, "job": WAITING, **NO_EXPIRY}, ada.get(f"/api/jobs/{job_id}").json)
    services.work()
    assert_served(
        {"success": True, "job": a_completed_job("TIER_1K", 2), **NO_EXPIRY},
        ada.get(f"/api/jobs/{job_id}", wait="30").json,
    )


def test_jobs_asked_for_at_once(ada: Caller, uploaded: tuple[str, str]) -> None:
    answer = ada.post("/api/jobs/batch-status", {"jobIds": [uploaded[1], "job_unknown"]})
    assert_served({"success": True, "jobs": [WAITING], "notFound": ["job_unknown"], **NO_EXPIRY}, answer.json)
    assert ada.post("/api/jobs/batch-status", {"jobIds": ["job_unknown"] * 51}).status_code == 400


def test_cancelling_a_job_once_and_again(ada: Caller, uploaded: tuple[str, str]) -> None:
    cancelled = a_job("TIER_1K", "CANCELLED", 2, started=None, processingCompletedAt=TIME)
    answer = ada.post(f"/api/jobs/{uploaded[1]}/cancel")
    assert_served({"success": True, "job": cancelled, "tokensRefunded": 2, "newBalance": 100}, answer.json)
    again = ada.post(f"/api/jobs/{uploaded[1]}/cancel")
    assert again.status_code == 409
    assert_served(ENDED, again.json)


def test_somebody_elses_job_is_not_found(bob: Caller, uploaded: tuple[str, str]) -> None:
    answer = bob.get(f"/api/jobs/{uploaded[1]}")
    assert answer.status_code == 404
    assert_served(NOT_FOUND, answer.json)


def test_a_batch_can_be_looked_up(ada: Caller, services: MemorySpike, uploaded: tuple[str, str]) -> None:
    batch_id = ada.post("/api/images/batch-enhance", {"imageIds": [uploaded[0]], "tier": "TIER_2K"}).json["batchId"]
    services.work()
    counts = {"pending": 0, "processing": 0, "completed": 1, "failed": 0, "refunded": 0, "cancelled": 0}
    shown = {
        "success": True,
        "batchId": batch_id,
        "isFinished": True,
        "summary": {"total": 1, **counts},
        "jobs": [{**a_completed_job("TIER_2K", 5), "batchId": batch_id}],
        **NO_EXPIRY,
    }
    assert_served(shown, ada.get(f"/api/batches/{batch_id}").json)


def test_the_list_of_images(ada: Caller, uploaded: tuple[str, str]) -> None:
    assert uploaded
    assert_served(IMAGES, ada.get("/api/images").json)


def test_the_list_of_an_images_jobs(ada: Caller, services: MemorySpike, uploaded: tuple[str, str]) -> None:
    services.work()
    listed = {
        "success": True,
        "jobs": [a_completed_job("TIER_1K", 2)],
        "nextCursor": None,
        "hasMore": False,
        **NO_EXPIRY,
    }
    assert_served(listed, ada.get(f"/api/images/{uploaded[0]}/jobs").json)


def test_an_image_renamed_described_and_published(
    ada: Caller, services: MemorySpike, uploaded: tuple[str, str]
) -> None:
    services.work()
    changes = {"name": "Harbour.jpg", "description": "Calm water", "isPublic": True}
    answer = ada.patch(f"/api/images/{uploaded[0]}", changes)
    shown = an_image(**changes, jobs=[a_completed_job("TIER_1K", 2)], jobsTotal=1)
    assert_served({"success": True, "image": shown, **NO_EXPIRY}, answer.json)


def test_an_unchanged_image_is_not_sent_again(ada: Caller, uploaded: tuple[str, str]) -> None:
    path = f"/api/images/{uploaded[0]}"
    headers = {**ada.headers, "If-None-Match": ada.get(path).headers["ETag"]}
    assert ada.client.simulate_get(path, headers=headers).status_code == 304


def test_api_keys_ten_of_them(ada: Caller) -> None:
    """Registration created the first one."""
    made = ada.post("/api/settings/api-keys", {"name": "build server"})
    assert made.status_code == 201
    assert_served(NEW_API_KEY, made.json)
    newest = ada.get("/api/settings/api-keys").json["apiKeys"][0]
    assert_served(API_KEY, newest)
    key = {"Authorization": f"Bearer {made.json['apiKey']['key']}"}
    assert ada.client.simulate_get("/api/tokens/balance", headers=key).status_code == 200
    statuses = [ada.post("/api/settings/api-keys", {"name": "another"}).status_code for _ in range(9)]
    assert statuses == [201] * 8 + [409]
    revoked = ada.delete(f"/api/settings/api-keys/{newest['id']}").json
    assert_served({"success": True, "message": "API key revoked successfully"}, revoked)
    assert ada.client.simulate_get("/api/tokens/balance", headers=key).status_code == 401


def test_a_request_sent_again_under_its_key_is_answered_again(ada: Caller, uploaded: tuple[str, str]) -> None:
    headers = {**ada.headers, "Idempotency-Key": "one"}
    body = {"imageId": uploaded[0], "tier": "TIER_2K"}
    first, again = (ada.client.simulate_post("/api/images/enhance", headers=headers, json=body) for _ in range(2))
    assert_served(first.json, again.json)
    assert_served({"success": True, "jobId": an_id("job_"), "tokenCost": 5, "newBalance": 93}, again.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = ada.client.simulate_post("/api/images/enhance", headers=headers, json={**body, "tier": "FREE"})
    assert other.status_code == 422


def test_health_and_readiness(services: MemorySpike, client: testing.TestClient) -> None:
    services.spike.maintenance.presence.report()
    assert_served({"status": "ok"}, client.simulate_get("/healthz").json)
    assert client.simulate_get("/readyz").json["status"] == "ready"
