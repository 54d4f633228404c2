"""Uploads and blends without an account."""

import base64
from typing import Any

import pytest
from falcon import testing

from caller import PICTURE, Caller
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, a_form, a_part, an_upload
from spike_contracts.builders import an_image_id
from spike_core.domain.identifiers import ImageId, JobId

HOST = "http://falconframework.org"
MIX = "/api/images/anonymous-enhance"
SOURCE = {"base64": "data:image/jpeg;base64," + base64.b64encode(PICTURE).decode(), "mimeType": "image/jpeg"}


def upload(client: testing.TestClient, body: bytes | None = None) -> testing.Result:
    headers = {"Content-Type": CONTENT_TYPE}
    form = an_upload(PICTURE) if body is None else body
    return client.simulate_post("/api/images/anonymous-upload", headers=headers, body=form)


@pytest.fixture
def image_id(client: testing.TestClient) -> str:
    uploaded: str = upload(client).json["image"]["id"]
    return uploaded


def test_an_upload_is_answered_as_the_api_says(client: testing.TestClient) -> None:
    answer = upload(client)
    image = answer.json["image"]
    assert answer.status_code == 200
    assert answer.json == {
        "success": True,
        "image": {
            "id": str(ImageId.parse(image["id"])),
            "name": "photo.jpg",
            "url": f"{HOST}/files/images/{image['id']}.jpg",
            "thumbnailUrl": None,
            "previewUrl": None,
            "thumbhash": None,
            "width": 1920,
            "height": 1080,
        },
    }
    assert image["id"].startswith("img_anon_")
    assert client.simulate_get(image["url"].removeprefix(HOST)).content == PICTURE


def test_everybody_may_look_at_it(client: testing.TestClient, ada: Caller, image_id: str) -> None:
    shown = client.simulate_get(f"/api/images/{image_id}")
    assert (shown.status_code, shown.json["image"]["isPublic"]) == (200, True)
    assert ada.get(f"/api/images/{image_id}").status_code == 200
    assert ada.get("/api/images").json["images"] == []


@pytest.mark.parametrize("kind", ["image", "base64"])
def test_a_mix_is_free_and_public(client: testing.TestClient, services: MemorySpike, image_id: str, kind: str) -> None:
    source = SOURCE if kind == "base64" else {"imageId": upload(client).json["image"]["id"]}
    answer = client.simulate_post(MIX, json={"imageId": image_id, "blendSource": source})
    assert answer.status_code == 200
    assert answer.json == {"success": True, "jobId": str(JobId.parse(answer.json["jobId"])), "tier": "FREE"}
    assert answer.json["jobId"].startswith("job_anon_")
    services.work()
    job = client.simulate_get(f"/api/jobs/{answer.json['jobId']}").json["job"]
    assert (job["status"], job["isAnonymous"], job["isBlend"], job["tokensCost"]) == ("COMPLETED", True, True, 0)
    assert client.simulate_get(f"/api/images/{image_id}").json["image"]["jobs"] == [job]
    assert client.simulate_get(job["enhancedUrl"].removeprefix(HOST)).content == b"picture JPEG 1024x576"
    assert list(services.spike.maintenance.audit.findings()) == []


def test_a_mix_that_fails_for_good_has_failed(client: testing.TestClient, services: MemorySpike, image_id: str) -> None:
    """There is no wallet to refund."""
    job_id = client.simulate_post(MIX, json={"imageId": image_id, "blendSource": SOURCE}).json["jobId"]
    services.blobs.delete(
        [found.key for found in services.blobs.scan(limit=10) if str(found.key).startswith("inputs/")]
    )
    services.work()
    assert client.simulate_get(f"/api/jobs/{job_id}").json["job"]["status"] == "FAILED"


def test_free_may_be_named_and_nothing_else(client: testing.TestClient, image_id: str) -> None:
    body = {"imageId": image_id, "blendSource": SOURCE}
    assert client.simulate_post(MIX, json={**body, "tier": "FREE"}).status_code == 200
    for tier in ("TIER_1K", "TIER_8K", 7):
        assert client.simulate_post(MIX, json={**body, "tier": tier}).status_code == 400


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"imageId": None}, 400),
        ({"blendSource": None}, 400),
        ({"blendSource": {}}, 400),
        ({"imageId": "img_anon_1"}, 404),
        ({"imageId": str(an_image_id().anonymous())}, 404),
        ({"blendSource": {"imageId": str(an_image_id().anonymous())}}, 404),
        ({"blendSource": {"base64": "####", "mimeType": "image/png"}}, 400),
    ],
)
def test_a_bad_mix_is_refused_and_leaves_nothing(
    client: testing.TestClient, services: MemorySpike, image_id: str, change: dict[str, Any], status: int
) -> None:
    before = services.holdings
    body = {"imageId": image_id, "blendSource": SOURCE, **change}
    assert client.simulate_post(MIX, json=body).status_code == status
    assert services.holdings == before


def test_images_of_accounts_arent_mixed(
    client: testing.TestClient, ada: Caller, services: MemorySpike, image_id: str
) -> None:
    """Not even public ones; and an account can't enhance an anonymous image."""
    owned = ada.upload().json["image"]["id"]
    services.work()
    services.publish(owned)
    before = services.holdings
    assert client.simulate_post(MIX, json={"imageId": owned, "blendSource": SOURCE}).status_code == 403
    assert client.simulate_post(MIX, json={"imageId": image_id, "blendSource": {"imageId": owned}}).status_code == 403
    assert ada.post("/api/images/enhance", {"imageId": image_id, "tier": "FREE"}).status_code == 403
    assert services.holdings == before


def test_an_anonymous_upload_is_judged_like_any_other(client: testing.TestClient, services: MemorySpike) -> None:
    before = services.holdings
    for body in (an_upload(b"junk"), an_upload(b""), an_upload(PICTURE, filename="../a.jpg"), a_form(a_part("a", b""))):
        assert upload(client, body).status_code == 400
    assert services.holdings == before


def test_a_job_of_an_account_isnt_for_everybody(client: testing.TestClient, ada: Caller) -> None:
    job_id = ada.upload().json["enhancement"]["jobId"]
    assert client.simulate_get(f"/api/jobs/{job_id}").status_code == 401
