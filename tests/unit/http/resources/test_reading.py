"""Reading images, jobs, balances and files; cancelling."""

from datetime import timedelta

import pytest
from falcon import testing

from caller import PICTURE, Caller
from memory_spike import MemorySpike
from spike_contracts.builders import a_job_id, an_image_id

HOST = "http://falconframework.org"


@pytest.fixture
def image_id(ada: Caller) -> str:
    uploaded: str = ada.upload().json["image"]["id"]
    return uploaded


def test_an_image_is_shown_as_the_api_says(ada: Caller, services: MemorySpike, image_id: str) -> None:
    services.work()
    image = ada.get(f"/api/images/{image_id}").json["image"]
    (job,) = image["jobs"]
    assert image == {
        "id": image_id,
        "name": "photo.jpg",
        "description": None,
        "originalUrl": image["originalUrl"],
        "thumbnailUrl": None,
        "previewUrl": None,
        "thumbhash": None,
        "originalWidth": 1920,
        "originalHeight": 1080,
        "originalSizeBytes": len(PICTURE),
        "originalFormat": "JPEG",
        "isPublic": False,
        "viewCount": 0,
        "createdAt": "2026-01-01T12:00:00Z",
        "updatedAt": "2026-01-01T12:00:00Z",
        "jobs": [job],
        "jobsTotal": 1,
    }
    assert job == {
        "id": job["id"],
        "imageId": image_id,
        "tier": "TIER_1K",
        "status": "COMPLETED",
        "tokensCost": 2,
        "enhancedUrl": job["enhancedUrl"],
        "thumbnailUrl": None,
        "previewUrl": None,
        "thumbhash": None,
        "enhancedWidth": 1024,
        "enhancedHeight": 576,
        "enhancedSizeBytes": len(b"picture JPEG 1024x576"),
        "format": "jpeg",
        "quality": None,
        "strength": None,
        "mode": "faithful",
        "method": "made up",
        "errorMessage": None,
        "createdAt": "2026-01-01T12:00:00Z",
        "processingStartedAt": "2026-01-01T12:00:00Z",
        "processingCompletedAt": "2026-01-01T12:00:00Z",
        "progress": 100,
        "queuePosition": None,
        "sourceImageId": None,
        "isBlend": False,
        "isAnonymous": False,
        "batchId": None,
    }
    assert job["enhancedUrl"].startswith(f"{HOST}/files/enhanced/{job['id']}.jpg?")
    assert ada.client.simulate_get(job["enhancedUrl"].removeprefix(HOST)).content == b"picture JPEG 1024x576"


def test_a_waiting_job_tells_its_place_in_the_queue(ada: Caller, image_id: str) -> None:
    ada.post("/api/images/enhance", {"imageId": image_id, "tier": "FREE"})
    jobs = ada.get(f"/api/images/{image_id}").json["image"]["jobs"]
    assert [job["queuePosition"] for job in jobs] == [1, 2]
    assert {job["status"] for job in jobs} == {"PROCESSING"}
    assert {job["enhancedUrl"] for job in jobs} == {None}


def test_a_private_image_is_hidden_from_others(
    ada: Caller, bob: Caller, client: testing.TestClient, image_id: str
) -> None:
    assert client.simulate_get(f"/api/images/{image_id}").status_code == 401
    assert bob.get(f"/api/images/{image_id}").status_code == 403
    assert ada.get(f"/api/images/{image_id}").json["image"]["viewCount"] == 0


def test_a_public_image_is_shown_to_all_and_counts_their_looks(
    ada: Caller, bob: Caller, client: testing.TestClient, services: MemorySpike, image_id: str
) -> None:
    services.publish(image_id)
    shown = client.simulate_get(f"/api/images/{image_id}")
    assert shown.status_code == bob.get(f"/api/images/{image_id}").status_code == 200
    assert ada.get(f"/api/images/{image_id}").json["image"]["viewCount"] == 2
    url = shown.json["image"]["originalUrl"]
    assert url == f"{HOST}/files/images/{image_id}.jpg"
    assert client.simulate_get(url.removeprefix(HOST)).content == PICTURE


@pytest.mark.parametrize("image_id", [str(an_image_id()), "img_123abc", "x", "img_" + "é" * 24])
def test_an_unknown_image_is_not_found(ada: Caller, image_id: str) -> None:
    answer = ada.get(f"/api/images/{image_id}")
    assert (answer.status_code, answer.json["code"]) == (404, "NOT_FOUND")


def test_a_job_is_shown_to_its_owner_only(ada: Caller, bob: Caller, services: MemorySpike, image_id: str) -> None:
    (job,) = ada.get(f"/api/images/{image_id}").json["image"]["jobs"]
    answer = ada.get(f"/api/jobs/{job['id']}")
    assert (answer.json["success"], answer.json["job"]) == (True, job)
    assert bob.get(f"/api/jobs/{job['id']}").status_code == 404
    assert ada.get(f"/api/jobs/{a_job_id()}").status_code == 404
    assert ada.get("/api/jobs/job_123abc").status_code == 404
    services.work()
    assert ada.get(f"/api/jobs/{job['id']}").json["job"]["status"] == "COMPLETED"


def test_cancelling_gives_the_tokens_back_once(ada: Caller, services: MemorySpike, image_id: str) -> None:
    (job,) = ada.get(f"/api/images/{image_id}").json["image"]["jobs"]
    answer = ada.post(f"/api/jobs/{job['id']}/cancel")
    assert answer.status_code == 200
    assert answer.json["job"]["status"] == "CANCELLED"
    assert answer.json["job"]["processingStartedAt"] is None
    assert (answer.json["success"], answer.json["tokensRefunded"], answer.json["newBalance"]) == (True, 2, 100)
    again = ada.post(f"/api/jobs/{job['id']}/cancel")
    assert (again.status_code, again.json["code"]) == (409, "CONFLICT")
    assert ada.get("/api/tokens/balance").json["balance"] == 100
    assert services.spike.maintenance.recovery.repair() == 0


def test_a_strangers_job_cannot_be_cancelled(ada: Caller, bob: Caller, services: MemorySpike, image_id: str) -> None:
    (job,) = ada.get(f"/api/images/{image_id}").json["image"]["jobs"]
    before = services.holdings
    assert bob.post(f"/api/jobs/{job['id']}/cancel").status_code == 404
    assert services.holdings == before


def test_a_completed_job_cannot_be_cancelled(ada: Caller, services: MemorySpike, image_id: str) -> None:
    services.work()
    (job,) = ada.get(f"/api/images/{image_id}").json["image"]["jobs"]
    before = services.holdings
    assert ada.post(f"/api/jobs/{job['id']}/cancel").status_code == 409
    assert services.holdings == before


def test_the_balance_says_when_it_grows(ada: Caller, services: MemorySpike, image_id: str) -> None:
    assert image_id
    services.work()  # until the job has ended, its tokens count as if they were in the wallet
    services.clock.advance(timedelta(minutes=20))
    assert ada.get("/api/tokens/balance").json == {
        "balance": 99,
        "maxBalance": 100,
        "lastRegeneration": "2026-01-01T12:15:00Z",
        "nextRegenerationAt": "2026-01-01T12:30:00Z",
        "stats": {"totalEarned": 101, "totalSpent": 2, "totalRefunded": 0, "transactionCount": 2},
    }


def test_a_full_wallet_has_no_next_token(ada: Caller) -> None:
    assert ada.get("/api/tokens/balance").json["nextRegenerationAt"] is None


def test_the_history_is_paged_newest_first(ada: Caller, image_id: str) -> None:
    first = ada.get("/api/tokens/history", limit="1").json
    (job,) = ada.get(f"/api/images/{image_id}").json["image"]["jobs"]
    assert first == {
        "transactions": [
            {
                "id": "txn_2",
                "type": "SPEND_ENHANCEMENT",
                "amount": -2,
                "balanceAfter": 98,
                "jobId": job["id"],
                "reason": "Enhancement at TIER_1K",
                "reference": None,
                "createdAt": "2026-01-01T12:00:00Z",
            }
        ],
        "nextCursor": "2",
        "hasMore": True,
    }
    second = ada.get("/api/tokens/history", limit="1", cursor=first["nextCursor"]).json
    assert [entry["type"] for entry in second["transactions"]] == ["EARN_BONUS"]
    assert (second["nextCursor"], second["hasMore"]) == (None, False)


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"limit": "١"}, {"cursor": "-1"}, {"cursor": "9" * 40}]
)
def test_a_bad_page_is_refused(ada: Caller, query: dict[str, str]) -> None:
    assert ada.get("/api/tokens/history", **query).status_code == 400


def test_a_signed_link_expires(ada: Caller, services: MemorySpike, image_id: str) -> None:
    url = ada.get(f"/api/images/{image_id}").json["image"]["originalUrl"].removeprefix(HOST)
    answer = ada.client.simulate_get(url)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = ada.client.simulate_get(url, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    services.clock.advance(timedelta(days=1))
    assert ada.client.simulate_get(url).status_code == 403


@pytest.mark.parametrize(
    "path", ["/files/images/{image_id}.jpg", "/files/images/../spike.db", "/files/a/b.jpg", "/files/images/x.jpg"]
)
def test_a_private_object_cannot_be_guessed(ada: Caller, client: testing.TestClient, image_id: str, path: str) -> None:
    assert ada.get(f"/api/images/{image_id}").status_code == 200
    assert client.simulate_get(path.format(image_id=image_id)).status_code == 404
