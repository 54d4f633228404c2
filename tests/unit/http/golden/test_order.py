"""The order of checks: credentials, rate limit, body, ownership, balance, storage."""

import pytest
from falcon import testing

from caller import PICTURE, Caller
from faults import FullBlobStore
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, a_form, a_part
from spike_contracts.builders import an_image_id
from spike_http import create_app
from spike_runtime import Settings

ENHANCE = "/api/images/enhance"
AS_JSON = {"Content-Type": "application/json"}


@pytest.fixture
def strict() -> MemorySpike:
    """Limits that allow one request of each group."""
    return MemorySpike.build(Settings(rate_upload=1, rate_enhance=1))


def test_who_asks_comes_before_how_often_and_what(strict: MemorySpike) -> None:
    client = testing.TestClient(create_app(strict.spike))
    for _ in range(3):
        assert client.simulate_post(ENHANCE, headers=AS_JSON, body="{").status_code == 401


def test_how_often_comes_before_what(strict: MemorySpike) -> None:
    ada = Caller(testing.TestClient(create_app(strict.spike)), strict.register())
    headers = {**ada.headers, **AS_JSON}
    answers = [ada.client.simulate_post(ENHANCE, headers=headers, body="{").status_code for _ in range(2)]
    assert answers == [400, 429]


def test_what_comes_before_whose(ada: Caller, bob: Caller) -> None:
    theirs = bob.upload().json["image"]["id"]
    assert ada.post(ENHANCE, {"imageId": theirs, "tier": "TIER_8K"}).status_code == 400
    assert ada.post(ENHANCE, {"imageId": str(an_image_id()), "tier": "TIER_8K"}).status_code == 400


def test_whose_comes_before_for_how_much(poor: Caller, bob: Caller) -> None:
    theirs = bob.upload().json["image"]["id"]
    assert poor.post(ENHANCE, {"imageId": theirs, "tier": "TIER_4K"}).status_code == 403
    assert poor.post(ENHANCE, {"imageId": str(an_image_id()), "tier": "TIER_4K"}).status_code == 404
    album = bob.post("/api/albums", {"name": "Bob's", "defaultTier": "TIER_4K"}).json["album"]["id"]
    form = a_form(a_part("file", PICTURE, filename="a.jpg"), a_part("albumId", album.encode()))
    assert poor.upload_form(form, content_type=CONTENT_TYPE).status_code == 403


def test_for_how_much_comes_before_where_to() -> None:
    services = MemorySpike.build(blobs=FullBlobStore)
    client = testing.TestClient(create_app(services.spike))
    assert Caller(client, services.register("poor@example.org", tokens=1)).upload().status_code == 402
    assert Caller(client, services.register("ada@example.org")).upload().status_code == 500
