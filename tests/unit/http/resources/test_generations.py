"""`/api/mcp`: pictures from prompts."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from falcon import testing

from caller import PICTURE, Caller
from memory_spike import MemorySpike
from spike_contracts.builders import a_body, a_job_id
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.identifiers import JobId
from spike_core.domain.limits import PROMPT_CHARS_MAX
from spike_core.domain.objects import PictureFormat
from spike_memory.engine import a_picture

HOST = "http://falconframework.org"
PROMPT = "A serene mountain landscape at sunset"
WIDE = {"prompt": PROMPT, "tier": "TIER_2K", "negativePrompt": "people, buildings, cars", "aspectRatio": "16:9"}
ENCODED = base64.b64encode(PICTURE).decode()
TIFF = base64.b64encode(a_picture(Dimensions(width_px=9, height_px=9), PictureFormat.TIFF)).decode()
PHOTO = {"prompt": "Add snow", "tier": "TIER_1K", "image": ENCODED, "mimeType": "image/jpeg"}
URL = "https://example.com/photo.jpg"


@pytest.fixture
def ada(services: MemorySpike, client: testing.TestClient) -> Caller:
    return Caller(client, services.register("ada@example.org"))


def test_a_generation_is_answered_as_the_api_says(ada: Caller) -> None:
    answer = ada.post("/api/mcp/generate", WIDE)
    assert answer.status_code == 200
    assert answer.json == {
        "success": True,
        "jobId": str(JobId.parse(answer.json["jobId"])),
        "tokensCost": 5,
        "message": "Generation started. Poll /api/mcp/jobs/{jobId} for status.",
    }
    assert answer.json["jobId"].startswith("job_gen_")
    assert ada.get("/api/mcp/balance").json["balance"] == 95


def test_a_generation_comes_out_in_the_size_asked(ada: Caller, services: MemorySpike) -> None:
    job_id = ada.post("/api/mcp/generate", WIDE).json["jobId"]
    services.work()
    job = ada.get(f"/api/mcp/jobs/{job_id}").json
    assert job == {
        "id": job_id,
        "type": "GENERATE",
        "tier": "TIER_2K",
        "tokensCost": 5,
        "status": "COMPLETED",
        "prompt": PROMPT,
        "inputImageUrl": None,
        "outputImageUrl": job["outputImageUrl"],
        "thumbnailUrl": None,
        "previewUrl": None,
        "thumbhash": None,
        "outputWidth": 2048,
        "outputHeight": 1152,
        "format": "jpeg",
        "quality": None,
        "errorMessage": None,
        "createdAt": "2026-01-01T12:00:00Z",
        "processingStartedAt": "2026-01-01T12:00:00Z",
        "processingCompletedAt": "2026-01-01T12:00:00Z",
    }
    assert ada.client.simulate_get(job["outputImageUrl"].removeprefix(HOST)).content == b"picture JPEG 2048x1152"
    assert list(services.spike.maintenance.audit.findings()) == []


def test_the_aspect_is_square_unless_told(ada: Caller, services: MemorySpike) -> None:
    job_id = ada.post("/api/mcp/generate", {"prompt": PROMPT, "tier": "TIER_1K"}).json["jobId"]
    services.work()
    job = ada.get(f"/api/mcp/jobs/{job_id}").json
    assert (job["outputWidth"], job["outputHeight"]) == (1024, 1024)


def test_a_modification_keeps_its_pictures_aspect(ada: Caller, services: MemorySpike) -> None:
    answer = ada.post("/api/mcp/modify", PHOTO)
    assert answer.json == {
        "success": True,
        "jobId": answer.json["jobId"],
        "tokensCost": 2,
        "message": "Modification started. Poll /api/mcp/jobs/{jobId} for status.",
    }
    assert answer.json["jobId"].startswith("job_mod_")
    services.work()
    job = ada.get(f"/api/mcp/jobs/{answer.json['jobId']}").json
    assert (job["type"], job["status"]) == ("MODIFY", "COMPLETED")
    assert (job["outputWidth"], job["outputHeight"]) == (1024, 576)
    assert ada.client.simulate_get(job["inputImageUrl"].removeprefix(HOST)).content == PICTURE
    assert list(services.spike.maintenance.audit.findings()) == []


def test_a_modification_fetches_its_picture(ada: Caller, services: MemorySpike) -> None:
    services.pages[URL] = PICTURE
    answer = ada.post("/api/mcp/modify", {"prompt": "Add snow", "tier": "TIER_1K", "imageUrl": URL})
    services.work()
    assert ada.get(f"/api/mcp/jobs/{answer.json['jobId']}").json["status"] == "COMPLETED"


def test_the_job_is_a_job_like_any_other(ada: Caller, services: MemorySpike) -> None:
    """It can be read, cancelled and refunded; it has no image."""
    job_id = ada.post("/api/mcp/generate", WIDE).json["jobId"]
    job = ada.get(f"/api/jobs/{job_id}").json["job"]
    assert (job["id"], job["imageId"], job["queuePosition"]) == (job_id, None, 1)
    assert ada.post("/api/jobs/batch-status", {"jobIds": [job_id]}).json["jobs"] == [job]
    assert ada.post(f"/api/jobs/{job_id}/cancel").json["newBalance"] == 100
    services.work()
    assert ada.get(f"/api/mcp/jobs/{job_id}").json["status"] == "CANCELLED"
    kinds = [entry["type"] for entry in ada.get("/api/tokens/history").json["transactions"]]
    assert kinds == ["REFUND", "SPEND_GENERATION", "EARN_BONUS"]


def test_a_refused_prompt_is_refunded(ada: Caller, services: MemorySpike) -> None:
    job_id = ada.post("/api/mcp/generate", {"prompt": "refuse", "tier": "TIER_4K"}).json["jobId"]
    services.work()
    job = ada.get(f"/api/mcp/jobs/{job_id}").json
    assert (job["status"], job["outputImageUrl"]) == ("REFUNDED", None)
    assert job["errorMessage"]
    assert ada.get("/api/mcp/balance").json["balance"] == 100


def test_the_history_comes_newest_first_page_by_page(ada: Caller, bob: Caller, services: MemorySpike) -> None:
    """Without enhancements and other users' generations."""
    ada.upload()
    bob.post("/api/mcp/generate", WIDE)
    made = [ada.post("/api/mcp/generate", {**WIDE, "tier": "TIER_1K"}).json["jobId"]]
    services.clock.advance(timedelta(seconds=1))
    made.append(ada.post("/api/mcp/modify", PHOTO).json["jobId"])
    first = ada.get("/api/mcp/history", limit="1").json
    assert ([job["id"] for job in first["jobs"]], first["hasMore"]) == ([made[1]], True)
    second = ada.get("/api/mcp/history", limit="1", cursor=first["nextCursor"]).json
    assert ([job["id"] for job in second["jobs"]], second["hasMore"], second["nextCursor"]) == ([made[0]], False, None)
    assert ada.get("/api/mcp/history", cursor="nonsense").status_code == 400


def test_the_balance_is_that_of_the_tokens(ada: Caller) -> None:
    assert ada.get("/api/mcp/balance").json == ada.get("/api/tokens/balance").json


@pytest.mark.parametrize("tier", ["FREE", "TIER_8K", "tier_1k", ""])
@pytest.mark.parametrize("path", ["/api/mcp/generate", "/api/mcp/modify"])
def test_another_tier_is_answered_with_the_prices(ada: Caller, path: str, tier: str) -> None:
    answer = ada.post(path, {**PHOTO, "tier": tier})
    assert answer.status_code == 400
    assert answer.json["pricing"] == {"TIER_1K": 2, "TIER_2K": 5, "TIER_4K": 10}


BAD_WORDS: dict[str, Any] = {
    "no prompt": {"prompt": None},
    "a blank prompt": {"prompt": " \n "},
    "a number": {"prompt": 7},
    "too long": {"prompt": "x" * (PROMPT_CHARS_MAX + 1)},
    "too long before trimming": {"prompt": "x" + " " * PROMPT_CHARS_MAX},
    "control characters": {"prompt": "a\x00b"},
    "a negative prompt that is too long": {"negativePrompt": "x" * (PROMPT_CHARS_MAX + 1)},
    "a blank negative prompt": {"negativePrompt": "  "},
    "no tier": {"tier": None},
}


@pytest.mark.parametrize("change", BAD_WORDS.values(), ids=BAD_WORDS.keys())
@pytest.mark.parametrize("path", ["/api/mcp/generate", "/api/mcp/modify"])
def test_bad_words_are_refused_and_leave_nothing(
    ada: Caller, services: MemorySpike, path: str, change: dict[str, Any]
) -> None:
    before = services.holdings
    answer = ada.post(path, {**PHOTO, **change})
    assert (answer.status_code, answer.json["code"]) == (400, "INVALID_INPUT")
    assert services.holdings == before


def test_the_longest_prompt_is_kept_with_the_job(ada: Caller) -> None:
    prompt = "x" * PROMPT_CHARS_MAX
    job_id = ada.post("/api/mcp/generate", {"prompt": prompt, "tier": "TIER_1K"}).json["jobId"]
    assert ada.get(f"/api/mcp/jobs/{job_id}").json["prompt"] == prompt


BAD_PICTURES: dict[str, Any] = {
    "none": {"image": None},
    "both": {"imageUrl": URL},
    "no type": {"mimeType": None},
    "a type that can't be": {"mimeType": "text/html"},
    "another type": {"mimeType": "image/png"},
    "a type that isn't taken here": {"image": TIFF, "mimeType": "image/tiff"},
    "no base64": {"image": "####"},
    "no picture": {"image": base64.b64encode(b"hello").decode()},
    "an inner address": {"image": None, "imageUrl": "file:///etc/passwd"},
    "an address with nothing": {"image": None, "imageUrl": "https://example.com/nothing"},
    "an address of a number": {"image": None, "imageUrl": 7},
}


@pytest.mark.parametrize("change", BAD_PICTURES.values(), ids=BAD_PICTURES.keys())
def test_a_bad_picture_is_refused_and_leaves_nothing(
    ada: Caller, services: MemorySpike, change: dict[str, Any]
) -> None:
    before = services.holdings
    assert ada.post("/api/mcp/modify", {**PHOTO, **change}).status_code == 400
    assert services.holdings == before


def test_a_page_that_isnt_a_picture_is_refused(ada: Caller, services: MemorySpike) -> None:
    """Lesson 18: HTML was accepted as JPEG."""
    services.pages[URL] = b"<html>"
    before = services.holdings
    answer = ada.post("/api/mcp/modify", {"prompt": "Add snow", "tier": "TIER_1K", "imageUrl": URL})
    assert (answer.status_code, answer.json["error"]) == (400, "File is not a supported image")
    assert services.holdings == before


def test_without_the_tokens_nothing_is_made_fetched_or_kept(poor: Caller, services: MemorySpike) -> None:
    before = services.holdings
    for path, body in (
        ("/api/mcp/generate", WIDE),
        ("/api/mcp/modify", {**PHOTO, "tier": "TIER_2K"}),
        ("/api/mcp/modify", {"prompt": "Add snow", "tier": "TIER_2K", "imageUrl": "https://example.com/never-asked"}),
    ):
        answer = poor.post(path, body)
        assert (answer.status_code, answer.json["required"], answer.json["balance"]) == (402, 5, 3)
    assert services.holdings == before


def test_somebody_elses_creation_isnt_there(ada: Caller, bob: Caller) -> None:
    job_id = ada.post("/api/mcp/generate", WIDE).json["jobId"]
    enhancement = bob.upload().json["enhancement"]["jobId"]
    for unseen in (job_id, str(JobId.of(a_body()).marked("gen")), str(a_job_id()), "7", enhancement):
        assert bob.get(f"/api/mcp/jobs/{unseen}").status_code == 404


@pytest.mark.parametrize("path", ["/api/mcp/generate", "/api/mcp/modify"])
def test_an_account_is_needed(client: testing.TestClient, path: str) -> None:
    assert client.simulate_post(path, json=PHOTO).status_code == 401
    assert client.simulate_get("/api/mcp/history").status_code == 401
    assert client.simulate_get("/api/mcp/balance").status_code == 401
