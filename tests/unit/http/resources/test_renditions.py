"""Renditions in answers, and their files."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from falcon import testing

from caller import Caller
from memory_spike import MemorySpike
from spike_core.domain.objects import ObjectKey
from spike_core.services.rendition_making import GRACE

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


def test_asking_for_pictures_has_missing_renditions_made(ada: Caller, services: MemorySpike) -> None:
    album = ada.post("/api/albums", {"name": "Holidays"}).json["album"]["id"]
    requests: list[Callable[[str], Any]] = [
        lambda id_: ada.post("/api/images/links", {"imageIds": [id_]}).json["images"],
        lambda id_: ada.get(f"/api/images?ids={id_}").json["images"],
        lambda _id: ada.get("/api/images?limit=1").json["images"],
        lambda _id: ada.get(f"/api/albums/{album}").json["album"]["images"][-1:],
    ]
    for ask in requests:
        image_id = ada.upload().json["image"]["id"]
        ada.post(f"/api/albums/{album}/images", {"imageIds": [image_id]})
        services.background._waiting.clear()  # as if the process had ended
        services.clock.advance(GRACE * 2)
        for missing in (len(FIELDS), 0):
            assert [renditions(each).count(None) for each in ask(image_id)] == [missing]
            services.background.run()


def test_a_rendition_that_the_store_has_lost_is_made_anew_once_it_is_asked_for(
    client: testing.TestClient, ada: Caller, services: MemorySpike, image_id: str
) -> None:
    for is_head in (True, False):
        url = ada.get(f"/api/images/{image_id}").json["image"]["thumbnailUrl"].removeprefix(HOST)
        services.blobs.delete([ObjectKey.parse(url.partition("?")[0].removeprefix("/files/"))])
        assert client.simulate_get(url.replace("signature=", "signature=0")).status_code == 403
        assert services.background.run() == 0
        assert client.simulate_request("HEAD" if is_head else "GET", url).status_code == 404
        services.background.run()
        renewed = ada.get(f"/api/images/{image_id}").json["image"]["thumbnailUrl"].removeprefix(HOST)
        assert client.simulate_get(renewed).status_code == 200


def test_a_page_can_say_that_a_bucket_has_lost_renditions(ada: Caller, services: MemorySpike, image_id: str) -> None:
    def renewed(caller: Caller, **more: object) -> bool:
        before = ada.get(f"/api/images/{image_id}").json["image"]["previewUrl"]
        caller.post("/api/images/links", {"imageIds": [image_id], **more})
        services.background.run()
        return bool(ada.get(f"/api/images/{image_id}").json["image"]["previewUrl"] != before)

    url = ada.get(f"/api/images/{image_id}").json["image"]["thumbnailUrl"].removeprefix(f"{HOST}/files/")
    assert not renewed(ada, lost=True), "nothing is lost"
    services.blobs.delete([ObjectKey.parse(url.partition("?")[0])])
    assert [renewed(ada), renewed(ada, lost=True), renewed(ada, lost=True)] == [False, True, False]


def test_a_stranger_cant_have_renditions_of_private_images_made(
    ada: Caller, bob: Caller, services: MemorySpike
) -> None:
    image_id = ada.upload().json["image"]["id"]
    services.background._waiting.clear()
    services.clock.advance(GRACE * 2)
    bob.post("/api/images/links", {"imageIds": [image_id]})
    assert services.background.run() == 0
