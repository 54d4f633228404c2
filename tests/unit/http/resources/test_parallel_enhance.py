"""`POST /api/images/parallel-enhance`."""

from typing import Any

import pytest

from caller import Caller
from memory_spike import MemorySpike
from spike_contracts.builders import an_image_id
from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import JobStatus

PATH = "/api/images/parallel-enhance"


@pytest.fixture
def image_id(ada: Caller, services: MemorySpike) -> str:
    uploaded: str = ada.upload().json["image"]["id"]
    services.work()
    return uploaded


def test_all_tiers_are_started_and_charged_together(ada: Caller, image_id: str) -> None:
    answer = ada.post(PATH, {"imageId": image_id, "tiers": ["TIER_1K", "TIER_2K", "TIER_4K"]})
    ids = [job["jobId"] for job in answer.json["jobs"]]
    assert answer.status_code == 200
    assert len({JobId.parse(id_) for id_ in ids}) == 3
    assert answer.json == {
        "success": True,
        "jobs": [
            {"jobId": ids[0], "tier": "TIER_1K", "tokenCost": 2, "status": "PROCESSING"},
            {"jobId": ids[1], "tier": "TIER_2K", "tokenCost": 5, "status": "PROCESSING"},
            {"jobId": ids[2], "tier": "TIER_4K", "tokenCost": 10, "status": "PROCESSING"},
        ],
        "totalCost": 17,
        "newBalance": 81,
    }


def test_the_status_is_the_true_one(ada: Caller, services: MemorySpike, image_id: str) -> None:
    services.broker.queue.refuses = True
    answer = ada.post(PATH, {"imageId": image_id, "tiers": ["FREE", "TIER_1K"]})
    assert [job["status"] for job in answer.json["jobs"]] == ["PENDING", "PENDING"]
    services.broker.queue.refuses = False
    services.spike.jobs.dispatch.relay()
    services.work()
    assert set(services.statuses()) == {JobStatus.COMPLETED}


def test_a_balance_that_covers_some_starts_none(ada: Caller, poor: Caller, services: MemorySpike) -> None:
    image_id = poor.upload().json["image"]["id"]
    before = services.holdings
    answer = poor.post(PATH, {"imageId": image_id, "tiers": ["FREE", "TIER_1K"]})
    assert answer.status_code == 402
    assert (answer.json["required"], answer.json["balance"]) == (2, 1)
    assert (answer.json["error"], answer.json["title"]) == ("Insufficient tokens", "Payment Required")
    assert services.holdings == before
    assert ada.get("/api/tokens/balance").json["balance"] == 100


BAD_BODIES: dict[str, tuple[Any, int]] = {
    "nothing": ({}, 400),
    "no tiers": ({"imageId": "ID"}, 400),
    "an empty list": ({"imageId": "ID", "tiers": []}, 400),
    "four": ({"imageId": "ID", "tiers": ["FREE", "TIER_1K", "TIER_2K", "TIER_4K"]}, 400),
    "one twice": ({"imageId": "ID", "tiers": ["TIER_1K", "TIER_1K"]}, 400),
    "an unknown one": ({"imageId": "ID", "tiers": ["TIER_8K"]}, 400),
    "no list": ({"imageId": "ID", "tiers": "TIER_1K"}, 400),
    "numbers": ({"imageId": "ID", "tiers": [1]}, 400),
    "an unknown image": ({"imageId": str(an_image_id()), "tiers": ["FREE"]}, 404),
}


@pytest.mark.parametrize(("body", "status"), BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_bad_request_is_refused_and_leaves_nothing(
    ada: Caller, services: MemorySpike, image_id: str, body: Any, status: int
) -> None:
    before = services.holdings
    answer = ada.post(PATH, {**body, "imageId": image_id} if body.get("imageId") == "ID" else body)
    assert answer.status_code == status
    assert services.holdings == before


def test_a_strangers_image_is_forbidden(bob: Caller, services: MemorySpike, image_id: str) -> None:
    before = services.holdings
    assert bob.post(PATH, {"imageId": image_id, "tiers": ["FREE"]}).status_code == 403
    assert services.holdings == before
