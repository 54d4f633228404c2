"""`PATCH` and `DELETE /api/images/{id}`."""

import io
from datetime import timedelta
from typing import Any

import pytest

from caller import Caller
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, an_upload
from spike_contracts.builders import an_image_id
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.identifiers import ImageId
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_memory.engine import a_picture

DELETE = "/api/images/delete"
HOST = "http://falconframework.org"
LOCATED = a_picture(Dimensions(width_px=640, height_px=480), flaw="located")


@pytest.fixture
def path(ada: Caller, services: MemorySpike) -> str:
    uploaded = ada.upload().json["image"]["id"]
    services.work()
    return f"/api/images/{uploaded}"


def test_several_are_deleted_by_one_request_which_can_be_repeated(ada: Caller, bob: Caller) -> None:
    first, second, third = (ada.upload().json["image"]["id"] for _ in range(3))
    foreign, missing = bob.upload().json["image"]["id"], an_image_id().text
    assert ada.post(DELETE, {"imageIds": [first, foreign]}).status_code == 403
    for ids in ([], [first] * 101, ["x"], None):
        assert ada.post(DELETE, {"imageIds": ids}).status_code == 400
    assert ada.client.simulate_post(DELETE, json={"imageIds": [first]}).status_code == 401
    assert len(ada.get("/api/images").json["images"]) == 3
    body = {"imageIds": [first, missing, first, second]}
    answer = ada.post(DELETE, body)
    assert answer.json == {"success": True, "deleted": [first, second], "notFound": [missing], "pending": []}
    assert ada.post(DELETE, body).json["notFound"] == [first, missing, second]
    assert [image["id"] for image in ada.get("/api/images").json["images"]] == [third]
    assert ada.get("/api/tokens/balance").json["balance"] == 98


def test_what_is_named_changes_and_nothing_else(ada: Caller, services: MemorySpike, path: str) -> None:
    before = ada.get(path).json["image"]
    services.clock.advance(timedelta(seconds=5))
    answer = ada.patch(path, {"name": "Harbour.jpg", "description": "Mine\nall mine", "unknown": 1})
    assert answer.status_code == 200
    assert answer.json == ada.get(path).json
    after = answer.json["image"]
    changed = {name for name in before if before[name] != after[name] and not name.endswith("Url") and name != "jobs"}
    assert changed == {"name", "description", "updatedAt"}
    assert (after["name"], after["description"]) == ("Harbour.jpg", "Mine\nall mine")
    assert after["updatedAt"] == "2026-01-01T12:00:05Z"
    assert ada.patch(path, {"description": None}).json["image"]["description"] is None


def test_a_change_that_changes_nothing_leaves_the_time(ada: Caller, services: MemorySpike, path: str) -> None:
    services.clock.advance(timedelta(seconds=5))
    for body in ({}, {"name": "photo.jpg"}, {"description": None, "isPublic": False}):
        assert ada.patch(path, body).json["image"]["updatedAt"] == "2026-01-01T12:00:00Z"


def test_a_public_image_is_for_everybody_until_it_is_private_again(ada: Caller, bob: Caller, path: str) -> None:
    assert ada.client.simulate_get(path).status_code == 401
    image = ada.patch(path, {"isPublic": True}).json["image"]
    assert image["isPublic"] is True
    assert ada.client.simulate_get(path).status_code == 200
    assert bob.get(path).status_code == 200
    plain = image["jobs"][0]["enhancedUrl"].removeprefix(HOST)
    assert "?" not in plain
    assert ada.client.simulate_get(plain).status_code == 200
    ada.patch(path, {"isPublic": False})
    assert ada.client.simulate_get(path).status_code == 401
    assert bob.get(path).status_code == 403
    assert ada.client.simulate_get(plain).status_code != 200


def read(caller: Caller, url: str) -> bytes:
    answer = caller.client.simulate_get(url.removeprefix(HOST))
    assert answer.status_code == 200
    return answer.content


def test_others_get_what_tells_where_it_was_taken_without_that(ada: Caller, bob: Caller) -> None:
    """The owner gets the original, byte for byte, public or not."""
    path = f"/api/images/{ada.upload(LOCATED).json['image']['id']}"
    assert ada.patch(path, {"isPublic": True}).status_code == 200
    own = ada.get(path).json["image"]["originalUrl"]
    assert read(ada, own) == LOCATED
    shown = {bob.get(path).json["image"]["originalUrl"], ada.client.simulate_get(path).json["image"]["originalUrl"]}
    (url,) = shown
    assert read(bob, url) == LOCATED.removesuffix(b" located")
    assert url == f"{HOST}/files/images/{path.rpartition('/')[2]}.jpg"
    assert ada.client.simulate_get(own.removeprefix(HOST).partition("?")[0]).status_code == 404, "needs a signature"


def test_others_who_may_see_an_album_get_no_place_either(ada: Caller, bob: Caller) -> None:
    album = ada.post("/api/albums", {"name": "Trip", "privacy": "PUBLIC"}).json["album"]
    upload = ada.upload(LOCATED).json["image"]
    assert ada.post(f"/api/albums/{album['id']}/images", {"imageIds": [upload["id"]]}).status_code == 200
    for visitor, content in ((ada, LOCATED), (bob, LOCATED.removesuffix(b" located"))):
        (image,) = visitor.get(f"/api/albums/{album['id']}").json["album"]["images"]
        assert read(visitor, image["url"]) == content
    assert read(ada, upload["url"]) == LOCATED


def test_an_original_from_before_they_were_hidden_stays_private_if_it_tells_where(
    ada: Caller, services: MemorySpike
) -> None:
    image_id = ImageId.parse(ada.upload().json["image"]["id"])
    path = f"/api/images/{image_id}"
    key = ObjectKey.of_original(image_id, PictureFormat.JPEG)
    services.spike.storage.blobs.delete([key])
    services.spike.storage.blobs.put(key, io.BytesIO(LOCATED))
    before = services.holdings
    answer = ada.patch(path, {"isPublic": True, "name": "b.jpg"})
    assert (answer.status_code, answer.json["error"]) == (400, "The image contains the location where it was taken")
    assert services.holdings == before
    assert ada.patch(path, {"name": "b.jpg"}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"name": None},
        {"name": ""},
        {"name": "../a"},
        {"name": 7},
        {"description": 7},
        {"description": "x" * 2001},
        {"description": "\x00"},
        {"isPublic": None},
        {"isPublic": "true"},
        {"isPublic": 1},
        [],
    ],
)
def test_a_bad_change_is_refused_and_changes_nothing(ada: Caller, services: MemorySpike, path: str, body: Any) -> None:
    before = services.holdings
    assert ada.patch(path, body).status_code == 400
    assert services.holdings == before


def test_a_deleted_image_is_gone(ada: Caller, services: MemorySpike, path: str) -> None:
    original = ada.get(path).json["image"]["originalUrl"].removeprefix(HOST)
    album = ada.post("/api/albums", {"name": "A"}).json["album"]["id"]
    image_id = path.rpartition("/")[2]
    ada.post(f"/api/albums/{album}/images", {"imageIds": [image_id]})
    ada.patch(f"/api/albums/{album}", {"coverImageId": image_id})
    answer = ada.delete(path)
    assert answer.status_code == 200
    assert answer.json == {"success": True, "message": "Image deleted successfully"}
    assert ada.get(path).status_code == 404
    assert ada.delete(path).status_code == 404
    assert ada.client.simulate_get(original).status_code == 404
    assert ada.get("/api/images").json["images"] == []
    shown = ada.get(f"/api/albums/{album}").json["album"]
    assert (shown["coverImageId"], shown["images"]) == (None, [])
    assert list(services.blobs.scan(limit=9)) == []


def test_a_job_under_way_is_refunded(ada: Caller) -> None:
    uploaded = ada.upload().json
    ada.delete(f"/api/images/{uploaded['image']['id']}")
    assert ada.get("/api/tokens/balance").json["balance"] == 100
    assert ada.get(f"/api/jobs/{uploaded['enhancement']['jobId']}").status_code == 404


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_only_the_owner_may(ada: Caller, bob: Caller, services: MemorySpike, path: str, method: str) -> None:
    ada.patch(path, {"isPublic": True})
    before = services.holdings

    def send(caller: Caller, where: str) -> int:
        answer = caller.delete(where) if method == "delete" else caller.patch(where, {"name": "b.jpg"})
        return answer.status_code

    assert send(bob, path) == 403
    assert send(ada, f"/api/images/{an_image_id()}") == 404
    assert send(ada, "/api/images/1") == 404
    assert ada.client.simulate_request(method.upper(), path, json={}).status_code == 401
    assert services.holdings == before


def test_an_anonymous_upload_is_seen_without_the_place(ada: Caller, services: MemorySpike) -> None:
    answer = ada.client.simulate_post(
        "/api/images/anonymous-upload", headers={"Content-Type": CONTENT_TYPE}, body=an_upload(LOCATED)
    )
    assert answer.status_code == 200
    assert read(ada, answer.json["image"]["url"]) == LOCATED.removesuffix(b" located")
    assert list(services.spike.maintenance.audit.findings()) == []
