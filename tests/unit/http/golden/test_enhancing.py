"""Responses to enhancing, reading and deleting match the API's examples."""

import base64
from typing import Any

import pytest
from falcon import testing

from caller import PICTURE, Caller
from golden.errors import ENHANCE_UNPAID
from golden.images import (
    DELETED,
    ENHANCING,
    ENHANCING_BATCH,
    ENHANCING_IN_PARALLEL,
    MIXING,
    POLLED,
    SHOWN,
    a_completed_job,
    a_job,
    an_image,
)
from golden.looks import CDN, TIME, an_id, assert_served
from golden.tables import JOB_STATUSES, TIERS
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, a_form, a_part, an_upload
from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import JobStatus

ENCODED = "data:image/jpeg;base64," + base64.b64encode(PICTURE).decode()


def an_image_id(caller: Caller) -> str:
    """Upload a picture at no cost and return its image's id."""
    album = caller.post("/api/albums", {"name": "As they are", "autoEnhance": False}).json["album"]["id"]
    form = a_form(a_part("file", PICTURE, filename="photo.jpg"), a_part("albumId", album.encode()))
    image_id: str = caller.upload_form(form).json["image"]["id"]
    return image_id


def an_anonymous_id(client: testing.TestClient) -> str:
    headers = {"Content-Type": CONTENT_TYPE}
    answer = client.simulate_post("/api/images/anonymous-upload", headers=headers, body=an_upload(PICTURE))
    image_id: str = answer.json["image"]["id"]
    return image_id


def test_an_enhancement(ada: Caller) -> None:
    answer = ada.post("/api/images/enhance", {"imageId": an_image_id(ada), "tier": "TIER_2K"})
    assert answer.status_code == 200
    assert_served(ENHANCING, answer.json)


@pytest.mark.parametrize("kind", ["image", "base64"])
def test_a_blend(ada: Caller, services: MemorySpike, kind: str) -> None:
    image_id, other = an_image_id(ada), an_image_id(ada)
    source = {"imageId": other} if kind == "image" else {"base64": ENCODED, "mimeType": "image/jpeg"}
    body = {"imageId": image_id, "tier": "TIER_2K", "blendSource": source}
    answer = ada.post("/api/images/enhance", body)
    assert answer.status_code == 200
    assert_served(ENHANCING, answer.json)
    services.work()
    blended = {**a_completed_job("TIER_2K", 5), "isBlend": True, "sourceImageId": other if kind == "image" else None}
    assert_served(blended, ada.get(f"/api/images/{image_id}").json["image"]["jobs"][0])


def test_an_enhancement_that_costs_too_much(poor: Caller) -> None:
    answer = poor.post("/api/images/enhance", {"imageId": an_image_id(poor), "tier": "TIER_4K"})
    assert answer.status_code == 402
    assert_served(ENHANCE_UNPAID, answer.json)


def test_an_enhancement_at_several_tiers(ada: Caller) -> None:
    body = {"imageId": an_image_id(ada), "tiers": ["TIER_1K", "TIER_2K", "TIER_4K"]}
    answer = ada.post("/api/images/parallel-enhance", body)
    assert answer.status_code == 200
    assert_served(ENHANCING_IN_PARALLEL, answer.json)


def test_an_enhancement_of_several_images(ada: Caller) -> None:
    body = {"imageIds": [an_image_id(ada) for _ in range(3)], "tier": "TIER_2K"}
    answer = ada.post("/api/images/batch-enhance", body)
    assert answer.status_code == 200
    assert_served(ENHANCING_BATCH, answer.json)
    assert [job["imageId"] for job in answer.json["jobs"]] == body["imageIds"]


def test_an_image_with_one_job_that_ended_and_one_under_way(ada: Caller, services: MemorySpike) -> None:
    """The second job is being processed."""
    image_id = an_image_id(ada)
    ada.post("/api/images/enhance", {"imageId": image_id, "tier": "TIER_1K"})
    services.work()
    second = ada.post("/api/images/enhance", {"imageId": image_id, "tier": "TIER_4K"}).json["jobId"]
    services.spike.jobs.runner.job_transitions.claim(JobId.parse(second))
    answer = ada.get(f"/api/images/{image_id}")
    assert answer.status_code == 200
    assert_served(POLLED, answer.json)
    image = answer.json["image"]
    assert image["originalUrl"] == f"{CDN}/images/{image_id}.jpg"
    assert image["jobs"][0]["enhancedUrl"] == f"{CDN}/enhanced/{image['jobs'][0]['id']}.jpg"


def test_an_image_that_its_owner_described(ada: Caller, services: MemorySpike) -> None:
    image_id = an_image_id(ada)
    ada.patch(f"/api/images/{image_id}", {"description": "Calm water"})
    ada.post("/api/images/enhance", {"imageId": image_id, "tier": "TIER_2K"})
    services.work()
    answer = ada.get(f"/api/images/{image_id}")
    assert_served(SHOWN, answer.json)
    (job,) = answer.json["image"]["jobs"]
    assert (job["enhancedWidth"], job["enhancedHeight"]) == (2048, 1152)


@pytest.mark.parametrize("tier", TIERS)
def test_each_tier_costs_and_yields_what_its_table_says(ada: Caller, services: MemorySpike, tier: str) -> None:
    tokens, side_px = TIERS[tier]
    image_id = an_image_id(ada)
    answer = ada.post("/api/images/enhance", {"imageId": image_id, "tier": tier})
    assert_served({**ENHANCING, "tokenCost": tokens, "newBalance": 100 - tokens}, answer.json)
    services.work()
    (job,) = ada.get(f"/api/images/{image_id}").json["image"]["jobs"]
    assert_served(a_completed_job(tier, tokens), job)
    assert max(job["enhancedWidth"], job["enhancedHeight"]) == side_px


def ended(status: str, tokens: int, tier: str = "TIER_1K", **changes: Any) -> dict[str, Any]:
    return a_job(tier, status, tokens, processingCompletedAt=TIME, **changes)


def test_a_job_is_pending_while_no_queue_takes_it(ada: Caller, services: MemorySpike) -> None:
    services.broker.queue.refuses = True
    image_id = ada.upload().json["image"]["id"]
    (job,) = ada.get(f"/api/images/{image_id}").json["image"]["jobs"]
    assert_served(a_job("TIER_1K", "PENDING", 2, started=None, queuePosition=1), job)


def test_a_job_is_processing_before_a_worker_begins(ada: Caller) -> None:
    """In the queue, it has a position and no start time."""
    image_id = ada.upload().json["image"]["id"]
    (job,) = ada.get(f"/api/images/{image_id}").json["image"]["jobs"]
    assert_served(a_job("TIER_1K", "PROCESSING", 2, started=None, queuePosition=1), job)


def test_a_cancelled_job(ada: Caller) -> None:
    uploaded = ada.upload().json
    ada.post(f"/api/jobs/{uploaded['enhancement']['jobId']}/cancel")
    (job,) = ada.get(f"/api/images/{uploaded['image']['id']}").json["image"]["jobs"]
    assert_served(ended("CANCELLED", 2, started=None), job)


def test_a_job_that_failed_is_refunded_or_was_free(ada: Caller, services: MemorySpike) -> None:
    uploaded = ada.upload().json
    image_id = uploaded["image"]["id"]
    ada.post("/api/images/enhance", {"imageId": image_id, "tier": "FREE"})
    services.blobs.delete([stored.key for stored in services.blobs.scan(limit=10)])
    services.work()
    paid, free = ada.get(f"/api/images/{image_id}").json["image"]["jobs"]
    assert_served(ended("REFUNDED", 2, errorMessage=paid["errorMessage"]), paid)
    assert_served(ended("FAILED", 0, tier="FREE", errorMessage=free["errorMessage"]), free)
    assert paid["errorMessage"]
    assert free["errorMessage"]
    assert ada.get("/api/tokens/balance").json["balance"] == 100


def test_there_is_no_other_status() -> None:
    assert tuple(status.value for status in JobStatus) == JOB_STATUSES


def test_a_deletion(ada: Caller) -> None:
    image_id = an_image_id(ada)
    answer = ada.delete(f"/api/images/{image_id}")
    assert answer.status_code == 200
    assert_served(DELETED, answer.json)
    assert ada.get(f"/api/images/{image_id}").status_code == 404


@pytest.mark.parametrize("kind", ["image", "base64"])
def test_an_anonymous_mix(client: testing.TestClient, services: MemorySpike, kind: str) -> None:
    """Its result is public."""
    image_id, other = an_anonymous_id(client), an_anonymous_id(client)
    source = {"imageId": other} if kind == "image" else {"base64": ENCODED, "mimeType": "image/jpeg"}
    answer = client.simulate_post("/api/images/anonymous-enhance", json={"imageId": image_id, "blendSource": source})
    assert answer.status_code == 200
    assert_served(MIXING, answer.json)
    services.work()
    shown = client.simulate_get(f"/api/images/{image_id}").json["image"]
    own = {
        "id": an_id("job_anon_"),
        "imageId": image_id,
        "enhancedUrl": f"{CDN}/enhanced/{answer.json['jobId']}.jpg",
        "isAnonymous": True,
        "isBlend": True,
        "sourceImageId": other if kind == "image" else None,
    }
    mixed = {**a_completed_job("FREE", 0), **own}
    public = {"id": image_id, "originalUrl": f"{CDN}/images/{image_id}.jpg", "isPublic": True}
    assert_served(an_image(**public, jobs=[mixed], jobsTotal=1), shown)
