"""Responses about generations match the API's examples and tables."""

import base64
from typing import Any

import pytest

from caller import PICTURE, Caller
from golden.added import CREATED, CREATIONS, INVALID_TIER, MODIFIED
from golden.errors import INSUFFICIENT_TOKENS
from golden.images import GENERATING, MODIFYING
from golden.looks import assert_served
from golden.tables import ASPECT_RATIOS, MODIFIABLE_MEDIA_TYPES
from memory_spike import MemorySpike
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.objects import PictureFormat
from spike_memory.engine import a_picture

WANTED = {
    "prompt": "A serene mountain landscape at sunset",
    "tier": "TIER_2K",
    "negativePrompt": "people, buildings, cars",
    "aspectRatio": "16:9",
}
PHOTO = {"prompt": "Add a sunset", "tier": "TIER_2K"}
URL = "https://example.com/image.jpg"
SIZES = {  # the longest side is the tier's
    "1:1": (1024, 1024),
    "3:2": (1024, 683),
    "2:3": (683, 1024),
    "3:4": (768, 1024),
    "4:3": (1024, 768),
    "4:5": (819, 1024),
    "5:4": (1024, 819),
    "9:16": (576, 1024),
    "16:9": (1024, 576),
    "21:9": (1024, 439),
}


def in_base64(format_: PictureFormat = PictureFormat.JPEG) -> dict[str, str]:
    picture = a_picture(Dimensions(width_px=1920, height_px=1080), format_)
    return {"image": base64.b64encode(picture).decode(), "mimeType": format_.media_type}


def test_a_generation(ada: Caller, services: MemorySpike) -> None:
    answer = ada.post("/api/mcp/generate", WANTED)
    assert answer.status_code == 200
    assert_served(GENERATING, answer.json)
    services.work()
    assert_served(CREATED, ada.get(f"/api/mcp/jobs/{answer.json['jobId']}").json)
    assert_served(CREATIONS, ada.get("/api/mcp/history").json)


@pytest.mark.parametrize("kind", ["base64", "url"])
def test_a_modification(ada: Caller, services: MemorySpike, kind: str) -> None:
    services.pages[URL] = PICTURE
    picture = in_base64() if kind == "base64" else {"imageUrl": URL}
    answer = ada.post("/api/mcp/modify", {**PHOTO, **picture})
    assert answer.status_code == 200
    assert_served(MODIFYING, answer.json)
    services.work()
    assert_served(MODIFIED, ada.get(f"/api/mcp/jobs/{answer.json['jobId']}").json)


@pytest.mark.parametrize("ratio", ASPECT_RATIOS)
def test_each_aspect_ratio_is_kept(ada: Caller, services: MemorySpike, ratio: str) -> None:
    body = {"prompt": "A harbour", "tier": "TIER_1K", "aspectRatio": ratio}
    job_id = ada.post("/api/mcp/generate", body).json["jobId"]
    services.work()
    job = ada.get(f"/api/mcp/jobs/{job_id}").json
    assert (job["outputWidth"], job["outputHeight"]) == SIZES[ratio]


@pytest.mark.parametrize("ratio", ["2:1", "1:2", "16:10", "1x1", ""])
def test_no_other_aspect_ratio_is_known(ada: Caller, ratio: str) -> None:
    assert ada.post("/api/mcp/generate", {**WANTED, "aspectRatio": ratio}).status_code == 400


def test_without_an_aspect_ratio_it_is_square(ada: Caller, services: MemorySpike) -> None:
    job_id = ada.post("/api/mcp/generate", {"prompt": "A harbour", "tier": "TIER_1K"}).json["jobId"]
    services.work()
    job = ada.get(f"/api/mcp/jobs/{job_id}").json
    assert (job["outputWidth"], job["outputHeight"]) == SIZES["1:1"]


@pytest.mark.parametrize("format_", PictureFormat)
def test_the_media_types_of_the_list_are_taken_and_no_others(ada: Caller, format_: PictureFormat) -> None:
    status = ada.post("/api/mcp/modify", {**PHOTO, **in_base64(format_)}).status_code
    assert status == (200 if format_.media_type in MODIFIABLE_MEDIA_TYPES else 400)


def test_a_prompt_has_4000_characters_at_most(ada: Caller) -> None:
    assert ada.post("/api/mcp/generate", {**WANTED, "prompt": "a" * 4000}).status_code == 200
    assert ada.post("/api/mcp/generate", {**WANTED, "prompt": "a" * 4001}).status_code == 400


@pytest.mark.parametrize("tier", ["FREE", "TIER_8K"])
@pytest.mark.parametrize(("path", "more"), [("generate", {}), ("modify", in_base64())], ids=["generate", "modify"])
def test_only_the_paid_tiers_are_for_words(ada: Caller, path: str, more: dict[str, Any], tier: str) -> None:
    answer = ada.post(f"/api/mcp/{path}", {**WANTED, **more, "tier": tier})
    assert answer.status_code == 400
    assert_served(INVALID_TIER, answer.json)


@pytest.mark.parametrize(("path", "more"), [("generate", {}), ("modify", in_base64())], ids=["generate", "modify"])
def test_words_that_cost_too_much_are_refused_in_the_common_words(
    poor: Caller, path: str, more: dict[str, Any]
) -> None:
    """The lower-case title is specific to the enhance endpoint."""
    answer = poor.post(f"/api/mcp/{path}", {**WANTED, **more, "tier": "TIER_4K"})
    assert answer.status_code == 402
    assert_served({**INSUFFICIENT_TOKENS, "balance": 3}, answer.json)
