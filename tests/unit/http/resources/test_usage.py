"""`GET /api/usage`, and what is answered where a budget is exceeded."""

from datetime import timedelta
from typing import Any

from attrs import evolve
from falcon import testing

from caller import PICTURE, Caller
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, an_upload
from spike_core.services.free_space import FreeSpace
from spike_http import create_app
from spike_runtime import Settings


def signed_in(**settings: Any) -> tuple[MemorySpike, Caller]:
    services = MemorySpike.build(evolve(Settings(), **settings))
    return services, Caller(testing.TestClient(create_app(services.spike)), services.register())


def test_usage_and_limits_are_shown() -> None:
    services, ada = signed_in(open_paid_jobs_max=7, storage_mb_max=3)
    image_id = ada.upload().json["image"]["id"]
    assert ada.get("/api/usage").json == {
        "freeJobs": {"used": 0, "limit": 100},
        "paidJobs": {"used": 1, "limit": 7},
        "jobsPerImage": 50,
        "images": {"used": 1, "limit": 20_000},
        "storedBytes": {"used": len(PICTURE), "limit": 3_000_000},
        "processorSeconds": {"used": 60, "limit": 3600},
        "sessions": {"used": 1, "limit": 20},
        "parkedTokens": 2,
        "fileBytesMax": 10 * 1024 * 1024,
        "batchFilesMax": 20,
        "batchBytesMax": 50 * 1024 * 1024,
        "sourceBytesMax": 20 * 1024 * 1024,
        "pixelsMax": 50_000_000,
    }
    services.work()
    ada.delete(f"/api/images/{image_id}")
    after = ada.get("/api/usage").json
    assert (after["images"]["used"], after["storedBytes"]["used"], after["parkedTokens"]) == (0, 0, 0)
    assert after["processorSeconds"]["used"] == after["paidJobs"]["used"] == 0


def test_usage_needs_credentials() -> None:
    _, ada = signed_in()
    assert ada.client.simulate_get("/api/usage").status_code == 401


def test_too_many_jobs_are_answered_with_429_and_when_to_try_again() -> None:
    services, ada = signed_in(open_paid_jobs_max=1)
    image_id = ada.upload().json["image"]["id"]
    before = services.holdings
    answer = ada.post("/api/images/enhance", {"imageId": image_id, "tier": "TIER_1K"})
    assert answer.status_code == 429
    assert (answer.json["code"], answer.json["retryAfter"]) == ("TOO_MANY_JOBS", 30)
    assert answer.headers["retry-after"] == "30"
    assert services.holdings == before
    services.work()
    assert ada.post("/api/images/enhance", {"imageId": image_id, "tier": "TIER_1K"}).status_code == 200


def test_a_full_account_is_answered_with_403_and_how_much_it_uses() -> None:
    services, ada = signed_in(images_max=1)
    ada.upload()
    before = services.holdings
    answer = ada.upload()
    assert answer.status_code == 403
    assert (answer.json["code"], answer.json["used"], answer.json["limit"]) == ("QUOTA_EXCEEDED", 1, 1)
    assert services.holdings == before


def test_a_full_store_is_answered_with_503_and_when_to_try_again() -> None:
    services, _ = signed_in()
    images = services.spike.images
    ingest = evolve(images.uploads.ingest, free_space=FreeSpace(free_bytes=lambda: 0, min_bytes=1))
    full = evolve(services.spike, images=evolve(images, uploads=evolve(images.uploads, ingest=ingest)))
    ada = Caller(testing.TestClient(create_app(full)), services.register("full@example.org"))
    before = services.holdings
    answer = ada.upload()
    assert answer.status_code == 503
    assert (answer.json["code"], answer.json["retryAfter"]) == ("STORAGE_FULL", 60)
    assert answer.headers["retry-after"] == "60"
    assert services.holdings == before


def test_without_an_account_all_share_one_budget() -> None:
    services, ada = signed_in(anonymous_images_max=1)
    answers = [
        ada.client.simulate_post(
            "/api/images/anonymous-upload", headers={"Content-Type": CONTENT_TYPE}, body=an_upload(PICTURE)
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 403]
    assert "delete images" not in answers[1].json["suggestion"]  # they have none
    assert len(services.blobs.scan(limit=9)) == 1


def test_cancelling_begun_jobs_is_limited_and_cancelling_others_is_not() -> None:
    services, ada = signed_in(rate_cancel=2)
    transitions = services.spike.jobs.transitions

    def cancelled(*, begun: bool) -> testing.Result:
        job_id = ada.upload().json["enhancement"]["jobId"]
        if begun:
            transitions.claim(services.jobs()[-1].id)
        return ada.post(f"/api/jobs/{job_id}/cancel")

    assert [cancelled(begun=False).status_code for _ in range(3)] == [200] * 3
    assert [cancelled(begun=True).status_code for _ in range(3)] == [200, 200, 429]
    assert cancelled(begun=False).status_code == 200
    services.clock.advance(timedelta(minutes=15))
    assert cancelled(begun=True).status_code == 200
