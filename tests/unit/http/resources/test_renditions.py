"""Renditions in answers, and their files."""

import base64
from typing import Any

import pytest
from falcon import testing

from caller import Caller
from memory_spike import MemorySpike

HOST = "http://falconframework.org"
FIELDS = ("thumbnailUrl", "previewUrl", "thumbhash")


def renditions(answer: dict[str, Any]) -> list[Any]:
    return [answer[name] for name in FIELDS]


@pytest.fixture
def image_id(ada: Caller, services: MemorySpike) -> str:
    """The image of an upload that is enhanced, and whose renditions are made."""
    uploaded = ada.upload().json["image"]
    assert renditions(uploaded) == [None, None, None]
    services.work()
    services.background.run()
    return str(uploaded["id"])


def test_every_answer_with_a_picture_has_its_renditions(ada: Caller, image_id: str) -> None:
    shown = ada.get(f"/api/images/{image_id}").json["image"]
    original, result = renditions(shown), renditions(shown["jobs"][0])
    assert None not in original + result
    [listed] = ada.get("/api/images").json["images"]
    album = ada.post("/api/albums", {"name": "Holidays"}).json["album"]["id"]
    ada.post(f"/api/albums/{album}/images", {"imageIds": [image_id]})
    [placed] = ada.get(f"/api/albums/{album}").json["album"]["images"]
    [cover] = [each["cover"] for each in ada.get("/api/albums").json["albums"]]
    linked = ada.post("/api/images/links", {"imageIds": [image_id], "jobIds": [shown["jobs"][0]["id"]]}).json
    assert [renditions(each) for each in (listed, placed, cover, *linked["images"])] == [original] * 4
    assert [renditions(each) for each in linked["jobs"]] == [result]
    assert len(base64.b64decode(original[2])) > 4


def test_a_private_images_renditions_are_signed_and_a_public_ones_are_plain(
    ada: Caller, services: MemorySpike, client: testing.TestClient, image_id: str
) -> None:
    for is_public in (False, True):
        if is_public:
            services.publish(image_id)
        shown = ada.get(f"/api/images/{image_id}").json["image"]
        for url in (*renditions(shown)[:2], *renditions(shown["jobs"][0])[:2]):
            assert ("signature=" in url) is not is_public
            answer = client.simulate_get(url.removeprefix(HOST))
            assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
            bare = client.simulate_get(url.removeprefix(HOST).partition("?")[0])
            assert bare.status_code == (200 if is_public else 404)


def test_the_etag_changes_when_renditions_are_made(ada: Caller, services: MemorySpike) -> None:
    image_id = ada.upload().json["image"]["id"]
    services.work()
    before = ada.get(f"/api/images/{image_id}").headers["etag"]
    services.background.run()
    assert ada.get(f"/api/images/{image_id}").headers["etag"] != before


def test_asking_for_links_has_missing_renditions_made(ada: Caller, services: MemorySpike) -> None:
    image_id = ada.upload().json["image"]["id"]
    services.background._waiting.clear()  # as if the process had ended
    for expected in (0, 1):
        answer = ada.post("/api/images/links", {"imageIds": [image_id]}).json["images"][0]
        assert renditions(answer).count(None) == (0 if expected else len(FIELDS))
        services.background.run()


def test_a_stranger_cant_have_renditions_of_private_images_made(
    ada: Caller, bob: Caller, services: MemorySpike
) -> None:
    image_id = ada.upload().json["image"]["id"]
    services.background._waiting.clear()
    bob.post("/api/images/links", {"imageIds": [image_id]})
    assert services.background.run() == 0
