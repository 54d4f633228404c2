"""`POST /api/images/enhance` with a `blendSource`."""

import base64
from typing import Any

import pytest

from caller import PICTURE, Caller
from memory_spike import MemorySpike
from spike_contracts.builders import an_image_id
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.limits import SOURCE_BYTES_MAX
from spike_core.domain.objects import PictureFormat
from spike_memory.engine import a_picture

PATH = "/api/images/enhance"
HOST = "http://falconframework.org"
PNG = a_picture(Dimensions(width_px=300, height_px=300), PictureFormat.PNG)
ENCODED = base64.b64encode(PNG).decode()


@pytest.fixture
def image_id(ada: Caller, services: MemorySpike) -> str:
    uploaded: str = ada.upload().json["image"]["id"]
    services.work()
    return uploaded


def blend(caller: Caller, image_id: str, source: Any, *, tier: str = "TIER_2K") -> Any:
    return caller.post(PATH, {"imageId": image_id, "tier": tier, "blendSource": source})


def test_two_images_are_blended(ada: Caller, services: MemorySpike, image_id: str) -> None:
    source = ada.upload().json["image"]["id"]
    answer = blend(ada, image_id, {"imageId": source})
    assert answer.status_code == 200
    assert answer.json == {"success": True, "jobId": answer.json["jobId"], "tokenCost": 5, "newBalance": 91}
    services.work()
    job = ada.get(f"/api/jobs/{answer.json['jobId']}").json["job"]
    assert (job["status"], job["isBlend"], job["sourceImageId"]) == ("COMPLETED", True, source)
    assert (job["enhancedWidth"], job["enhancedHeight"]) == (2048, 1152)


@pytest.mark.parametrize("encoded", [ENCODED, f"data:image/png;base64,{ENCODED}", f"{ENCODED[:20]}\n{ENCODED[20:]}"])
def test_a_picture_that_comes_along_is_blended_in(
    ada: Caller, services: MemorySpike, image_id: str, encoded: str
) -> None:
    """It is stored as an object of the job, byte for byte, and in no list of images."""
    answer = blend(ada, image_id, {"base64": encoded, "mimeType": "image/png"})
    assert answer.status_code == 200
    [stored] = [found for found in services.blobs.scan(limit=100) if str(found.key).startswith("inputs/")]
    assert str(stored.key) == f"inputs/{answer.json['jobId']}.png"
    with services.blobs.open(stored.key) as content:
        assert content.read() == PNG
    services.work()
    job = ada.get(f"/api/jobs/{answer.json['jobId']}").json["job"]
    assert (job["status"], job["isBlend"], job["sourceImageId"]) == ("COMPLETED", True, None)
    assert len(ada.get("/api/images").json["images"]) == 1
    assert list(services.spike.maintenance.audit.findings()) == []


def test_a_source_of_null_is_none(ada: Caller, image_id: str) -> None:
    answer = blend(ada, image_id, None)
    assert ada.get(f"/api/jobs/{answer.json['jobId']}").json["job"]["isBlend"] is False


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("img", 400),
        ({}, 400),
        ({"imageId": None}, 400),
        ({"imageId": 7}, 400),
        ({"imageId": "img"}, 404),
        ({"imageId": str(an_image_id())}, 404),
        ({"base64": ENCODED}, 400),
        ({"base64": 7, "mimeType": "image/png"}, 400),
        ({"base64": "", "mimeType": "image/png"}, 400),
        ({"base64": "####", "mimeType": "image/png"}, 400),
        ({"base64": "é", "mimeType": "image/png"}, 400),
        ({"base64": ENCODED, "mimeType": "image/jpeg"}, 400),
        ({"base64": ENCODED, "mimeType": "text/html"}, 400),
        ({"base64": f"data:image/jpeg;base64,{ENCODED}", "mimeType": "image/png"}, 400),
        ({"base64": f"data:image/png,{ENCODED}", "mimeType": "image/png"}, 400),
        ({"base64": base64.b64encode(b"hello").decode(), "mimeType": "image/png"}, 400),
        ({"base64": ENCODED, "mimeType": "image/png", "imageId": str(an_image_id())}, 400),
    ],
)
def test_what_isnt_a_source_is_refused_and_leaves_nothing(
    ada: Caller, services: MemorySpike, image_id: str, source: Any, status: int
) -> None:
    before = services.holdings
    assert blend(ada, image_id, source).status_code == status
    assert services.holdings == before


def test_a_source_over_20_mb_is_refused(ada: Caller, services: MemorySpike, image_id: str) -> None:
    before = services.holdings
    encoded = base64.b64encode(bytes(SOURCE_BYTES_MAX + 1)).decode()
    answer = blend(ada, image_id, {"base64": encoded, "mimeType": "image/png"})
    assert (answer.status_code, answer.json["code"]) == (400, "FILE_TOO_LARGE")
    assert answer.json["error"] == "Image exceeds maximum size of 20MB"
    assert services.holdings == before


def test_an_image_isnt_blended_with_itself(ada: Caller, services: MemorySpike, image_id: str) -> None:
    before = services.holdings
    assert blend(ada, image_id, {"imageId": image_id}).status_code == 400
    assert services.holdings == before


def test_somebody_elses_image_isnt_blended_in(ada: Caller, bob: Caller, services: MemorySpike, image_id: str) -> None:
    foreign = bob.upload().json["image"]["id"]
    before = services.holdings
    assert blend(ada, image_id, {"imageId": foreign}).status_code == 403
    assert blend(bob, image_id, {"imageId": foreign}).status_code == 403
    assert blend(bob, image_id, {"base64": ENCODED, "mimeType": "image/png"}).status_code == 403
    assert services.holdings == before


def test_without_the_tokens_no_source_is_stored(poor: Caller, services: MemorySpike) -> None:
    """Lesson 22: a source was stored before it was paid for."""
    image_id = poor.upload().json["image"]["id"]
    before = services.holdings
    answer = blend(poor, image_id, {"base64": ENCODED, "mimeType": "image/png"})
    assert answer.status_code == 402
    assert answer.json["required"] == 5
    assert services.holdings == before


def test_a_public_images_input_isnt_public(ada: Caller, services: MemorySpike, image_id: str) -> None:
    answer = blend(ada, image_id, {"base64": ENCODED, "mimeType": "image/png"})
    services.publish(image_id)
    assert ada.client.simulate_get(f"/files/inputs/{answer.json['jobId']}.png").status_code == 404


def test_the_picture_itself_is_what_is_uploaded(ada: Caller, image_id: str) -> None:
    assert (
        ada.client.simulate_get(
            ada.get(f"/api/images/{image_id}").json["image"]["originalUrl"].removeprefix(HOST)
        ).content
        == PICTURE
    )
