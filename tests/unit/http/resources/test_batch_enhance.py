"""`POST /api/images/batch-enhance` and `GET /api/batches/{id}`."""

from typing import Any

import pytest

from caller import Caller
from memory_spike import MemorySpike
from spike_contracts.builders import a_body, an_image_id
from spike_core.domain.identifiers import BatchId, JobId

PATH = "/api/images/batch-enhance"


@pytest.fixture
def image_ids(ada: Caller, services: MemorySpike) -> list[str]:
    ids = [ada.upload().json["image"]["id"] for _ in range(3)]
    services.work()
    return ids


def test_all_images_are_started_and_charged_together(ada: Caller, image_ids: list[str]) -> None:
    answer = ada.post(PATH, {"imageIds": image_ids, "tier": "TIER_2K"})
    assert answer.status_code == 200
    assert answer.json == {
        "success": True,
        "batchId": str(BatchId.parse(answer.json["batchId"])),
        "summary": {"total": 3, "totalCost": 15, "newBalance": 79},
        "jobs": [
            {"imageId": image_id, "jobId": str(JobId.parse(job["jobId"]))}
            for image_id, job in zip(image_ids, answer.json["jobs"], strict=True)
        ],
    }


def test_a_batch_is_followed_by_its_id(ada: Caller, services: MemorySpike, image_ids: list[str]) -> None:
    started = ada.post(PATH, {"imageIds": image_ids, "tier": "TIER_2K"}).json
    path = f"/api/batches/{started['batchId']}"
    running = ada.get(path).json
    assert all(job["status"] == "PROCESSING" for job in running["jobs"])
    assert (running["batchId"], running["isFinished"]) == (started["batchId"], False)
    assert running["summary"] == {
        "total": 3,
        "pending": 0,
        "processing": 3,
        "completed": 0,
        "failed": 0,
        "refunded": 0,
        "cancelled": 0,
    }
    ada.post(f"/api/jobs/{started['jobs'][0]['jobId']}/cancel")
    services.work()
    finished = ada.get(path).json
    assert finished["isFinished"] is True
    assert (finished["summary"]["completed"], finished["summary"]["cancelled"]) == (2, 1)
    assert {job["id"] for job in finished["jobs"]} == {job["jobId"] for job in started["jobs"]}
    assert {job["batchId"] for job in finished["jobs"]} == {started["batchId"]}


def test_an_image_named_twice_counts_once(ada: Caller, image_ids: list[str]) -> None:
    first, second, _ = image_ids
    answer = ada.post(PATH, {"imageIds": [second, first, second], "tier": "TIER_1K"})
    assert [job["imageId"] for job in answer.json["jobs"]] == [second, first]
    assert answer.json["summary"]["totalCost"] == 4


def test_free_costs_nothing(ada: Caller, image_ids: list[str]) -> None:
    assert ada.post(PATH, {"imageIds": image_ids, "tier": "FREE"}).json["summary"] == {
        "total": 3,
        "totalCost": 0,
        "newBalance": 94,
    }


def test_a_balance_that_covers_some_starts_none(ada: Caller, services: MemorySpike, image_ids: list[str]) -> None:
    ada.post(PATH, {"imageIds": image_ids, "tier": "TIER_4K"})
    ada.post(PATH, {"imageIds": image_ids, "tier": "TIER_4K"})
    before = services.holdings
    answer = ada.post(PATH, {"imageIds": [*image_ids, *image_ids], "tier": "TIER_4K"})
    assert answer.status_code == 200
    before = services.holdings
    refused = ada.post(PATH, {"imageIds": image_ids, "tier": "TIER_4K"})
    assert refused.status_code == 402
    assert (refused.json["required"], refused.json["balance"]) == (30, 4)
    assert services.holdings == before


def test_one_unknown_image_refuses_all(ada: Caller, services: MemorySpike, image_ids: list[str]) -> None:
    before = services.holdings
    assert ada.post(PATH, {"imageIds": [*image_ids, str(an_image_id())], "tier": "TIER_1K"}).status_code == 404
    assert services.holdings == before


def test_one_foreign_image_refuses_all(ada: Caller, bob: Caller, services: MemorySpike, image_ids: list[str]) -> None:
    foreign = bob.upload().json["image"]["id"]
    before = services.holdings
    assert ada.post(PATH, {"imageIds": [*image_ids, foreign], "tier": "TIER_1K"}).status_code == 403
    assert services.holdings == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"imageIds": [], "tier": "TIER_1K"},
        {"imageIds": "img", "tier": "TIER_1K"},
        {"imageIds": [1], "tier": "TIER_1K"},
        {"imageIds": [str(an_image_id()) for _ in range(21)], "tier": "TIER_1K"},
        {"imageIds": [str(an_image_id())], "tier": "TIER_8K"},
        {"imageIds": [str(an_image_id())]},
    ],
    ids=["empty", "no images", "a text", "a number", "too many", "no such tier", "no tier"],
)
def test_what_isnt_a_batch_is_refused(ada: Caller, body: Any) -> None:
    assert ada.post(PATH, body).status_code == 400


def test_a_batch_of_somebody_else_isnt_there(ada: Caller, bob: Caller, image_ids: list[str]) -> None:
    batch_id = ada.post(PATH, {"imageIds": image_ids, "tier": "FREE"}).json["batchId"]
    assert bob.get(f"/api/batches/{batch_id}").status_code == 404
    assert ada.get(f"/api/batches/{BatchId.of(a_body())}").status_code == 404
    assert ada.get("/api/batches/1").status_code == 404
    assert ada.client.simulate_get(f"/api/batches/{batch_id}").status_code == 401
