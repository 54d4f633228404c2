"""`POST /api/images/enhance`."""

from typing import Any

import pytest

from caller import Caller
from memory_spike import MemorySpike
from spike_contracts.builders import an_image_id
from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import JobStatus


@pytest.fixture
def image_id(ada: Caller, services: MemorySpike) -> str:
    uploaded: str = ada.upload().json["image"]["id"]
    services.work()
    return uploaded


@pytest.mark.parametrize(("tier", "cost"), [("FREE", 0), ("TIER_1K", 2), ("TIER_2K", 5), ("TIER_4K", 10)])
def test_every_tier_is_charged_its_price(ada: Caller, image_id: str, tier: str, cost: int) -> None:
    answer = ada.post("/api/images/enhance", {"imageId": image_id, "tier": tier, "blendSource": None})
    assert answer.status_code == 200
    assert answer.json == {
        "success": True,
        "jobId": str(JobId.parse(answer.json["jobId"])),
        "tokenCost": cost,
        "newBalance": 98 - cost,
    }


def test_too_few_tokens_are_told_in_the_enhancements_own_words(poor: Caller, services: MemorySpike) -> None:
    image_id = poor.upload().json["image"]["id"]
    before = services.holdings
    answer = poor.post("/api/images/enhance", {"imageId": image_id, "tier": "TIER_2K"})
    assert answer.status_code == 402
    assert answer.json == {
        "error": "Insufficient tokens",
        "title": "Payment required",
        "suggestion": "Please add more tokens to continue.",
        "code": "INSUFFICIENT_TOKENS",
        "requestId": answer.headers["x-request-id"],
        "required": 5,
        "balance": 1,
    }
    assert services.holdings == before


BAD_BODIES: dict[str, tuple[Any, int, str]] = {
    "nothing": ({}, 400, "Please provide both imageId and tier"),
    "no tier": ({"imageId": "ID"}, 400, "Please provide both imageId and tier"),
    "no image": ({"tier": "TIER_1K"}, 400, "Please provide both imageId and tier"),
    "unknown tier": ({"imageId": "ID", "tier": "TIER_8K"}, 400, "Please check your request: tier must be one of"),
    "tier in small letters": ({"imageId": "ID", "tier": "tier_1k"}, 400, "Please check your request: tier must"),
    "tier of another type": ({"imageId": "ID", "tier": 1}, 400, "Please check your request: tier must be a string"),
    "image of another type": ({"imageId": ["ID"], "tier": "FREE"}, 400, "Please check your request: imageId must"),
    "a list": ([1, 2], 400, "Please send a well-formed body"),
    "a string": ("hello", 400, "Please send a well-formed body"),
    "unknown image": ({"imageId": str(an_image_id()), "tier": "FREE"}, 404, "Please verify the resource ID"),
    "no image id at all": ({"imageId": "img_123abc", "tier": "FREE"}, 404, "Please verify the resource ID"),
}


@pytest.mark.parametrize(("body", "status", "suggestion"), BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_bad_request_is_refused_and_leaves_nothing(
    ada: Caller, services: MemorySpike, image_id: str, body: Any, status: int, suggestion: str
) -> None:
    if isinstance(body, dict) and body.get("imageId") == "ID":
        body = {**body, "imageId": image_id}
    before = services.holdings
    answer = ada.post("/api/images/enhance", body)
    assert answer.status_code == status
    assert answer.json["suggestion"].startswith(suggestion)
    assert services.holdings == before


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[" * 60_000, b'{"imageId": NaN}', b"9" * 5000], ids=lambda body: str(body[:12])
)
def test_a_malformed_body_is_refused(ada: Caller, body: bytes) -> None:
    headers = {**ada.headers, "Content-Type": "application/json"}
    answer = ada.client.simulate_post("/api/images/enhance", headers=headers, body=body)
    assert (answer.status_code, answer.json["code"]) == (400, "INVALID_INPUT")


def test_a_body_that_is_too_large_is_refused(ada: Caller) -> None:
    answer = ada.post("/api/images/parallel-enhance", {"imageId": "x" * 100_000, "tiers": ["FREE"]})
    assert (answer.status_code, answer.json["code"]) == (400, "FILE_TOO_LARGE")


def test_another_content_type_is_refused(ada: Caller) -> None:
    headers = {**ada.headers, "Content-Type": "text/plain"}
    answer = ada.client.simulate_post("/api/images/enhance", headers=headers, body=b"{}")
    assert (answer.status_code, answer.json["title"]) == (415, "Unsupported Media Type")


def test_a_strangers_image_is_forbidden(ada: Caller, bob: Caller, services: MemorySpike, image_id: str) -> None:
    before = services.holdings
    assert ada.get(f"/api/images/{image_id}").status_code == 200
    answer = bob.post("/api/images/enhance", {"imageId": image_id, "tier": "TIER_1K"})
    assert (answer.status_code, answer.json["code"]) == (403, "FORBIDDEN")
    assert services.holdings == before


def test_a_queue_that_is_down_does_not_refuse_the_request(ada: Caller, services: MemorySpike, image_id: str) -> None:
    services.broker.queue.refuses = True
    answer = ada.post("/api/images/enhance", {"imageId": image_id, "tier": "TIER_1K"})
    assert answer.status_code == 200
    assert services.statuses().count(JobStatus.PENDING) == 1
    services.broker.queue.refuses = False
    services.spike.jobs.dispatch.relay()
    services.work()
    assert set(services.statuses()) == {JobStatus.COMPLETED}
