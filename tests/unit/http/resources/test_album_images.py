"""`/api/images/move-to-album` and `/api/albums/{album_id}/images`."""

from typing import Any

import pytest

from caller import Caller
from memory_spike import MemorySpike
from spike_contracts.builders import an_album_id, an_image_id
from spike_core.domain.identifiers import AlbumImageId

MOVE = "/api/images/move-to-album"


def an_album(caller: Caller) -> str:
    album_id: str = caller.post("/api/albums", {"name": "Holidays"}).json["album"]["id"]
    return album_id


def order(caller: Caller, album_id: str) -> list[str]:
    return [image["id"] for image in caller.get(f"/api/albums/{album_id}").json["album"]["images"]]


@pytest.fixture
def images(ada: Caller) -> list[str]:
    return [ada.upload().json["image"]["id"] for _ in range(3)]


def test_moving_answers_as_the_api_says(ada: Caller, images: list[str]) -> None:
    source, target = an_album(ada), an_album(ada)
    ada.post(f"/api/albums/{source}/images", {"imageIds": images})
    ada.post(f"/api/albums/{target}/images", {"imageIds": images[2:]})
    body = {"imageIds": [*images, images[0]], "targetAlbumId": target, "removeFromSourceAlbum": source}
    answer = ada.post(MOVE, body)
    assert answer.status_code == 200
    places = [str(AlbumImageId.parse(result["albumImageId"])) for result in answer.json["results"]]
    assert answer.json == {
        "success": True,
        "moved": 3,
        "failed": 0,
        "alreadyInAlbum": 1,
        "results": [
            {"imageId": image_id, "success": True, "albumImageId": place, "alreadyInAlbum": image_id == images[2]}
            for image_id, place in zip(images, places, strict=True)
        ],
    }
    assert (order(ada, target), order(ada, source)) == (images, [])


@pytest.mark.parametrize("source", ["left out", "null", "the target"])
def test_moving_without_another_source_removes_nothing(ada: Caller, images: list[str], source: str) -> None:
    album = an_album(ada)
    ada.post(f"/api/albums/{album}/images", {"imageIds": images})
    body: dict[str, Any] = {"imageIds": images[:1], "targetAlbumId": album}
    if source != "left out":
        body |= {"removeFromSourceAlbum": None if source == "null" else album}
    answer = ada.post(MOVE, body)
    assert (answer.json["moved"], answer.json["alreadyInAlbum"]) == (1, 1)
    assert order(ada, album) == [images[1], images[2], images[0]]


def test_ids_of_the_wrong_format_are_told_the_first_five(ada: Caller, images: list[str]) -> None:
    album = an_album(ada)
    bad = ["img_123abc", "", "job_" + "x" * 24, "img_" + "X" * 24, "\ud800", "x" * 1000, "../etc", "img_"]
    answer = ada.post(MOVE, {"imageIds": [images[0], *bad, *bad], "targetAlbumId": album})
    assert (answer.status_code, answer.json["code"], answer.json["error"]) == (
        400,
        "INVALID_INPUT",
        "Invalid image IDs",
    )
    assert answer.json["invalidIds"] == [*bad[:4], "?"]
    assert order(ada, album) == []


BAD_BODIES: dict[str, tuple[dict[str, Any], int, str]] = {
    "no images": ({"imageIds": None}, 400, "Please provide both imageIds and targetAlbumId"),
    "no target": ({"targetAlbumId": None}, 400, "Please provide both imageIds and targetAlbumId"),
    "an empty list": ({"imageIds": []}, 400, "Please check your request: imageIds must be a list of 1 to 100"),
    "too many": ({"imageIds": ["ID"] * 101}, 400, "Please check your request: imageIds must be a list of 1 to 100"),
    "a text for a list": ({"imageIds": "ID"}, 400, "Please check your request: imageIds must be a list of 1 to 100"),
    "a number for an id": ({"imageIds": ["ID", 7]}, 400, "Please check your request: imageIds must be a string"),
    "a number for the target": ({"targetAlbumId": 7}, 400, "Please check your request: targetAlbumId must be a"),
    "a number for the source": ({"removeFromSourceAlbum": 7}, 400, "Please check your request: removeFromSourceAlbum"),
    "an unknown image": ({"imageIds": ["ID", str(an_image_id())]}, 404, "Please verify the resource ID"),
    "an unknown target": ({"targetAlbumId": str(an_album_id())}, 404, "Please verify the resource ID"),
    "an unknown source": ({"removeFromSourceAlbum": str(an_album_id())}, 404, "Please verify the resource ID"),
    "a target of another kind": ({"targetAlbumId": str(an_image_id())}, 404, "Please verify the resource ID"),
    "a foreign image": ({"imageIds": ["ID", "FOREIGN"]}, 403, "Please check that you own this resource"),
    "a foreign target": ({"targetAlbumId": "FOREIGN ALBUM"}, 403, "Please check that you own this resource"),
    "a foreign source": ({"removeFromSourceAlbum": "FOREIGN ALBUM"}, 403, "Please check that you own this resource"),
}


@pytest.mark.parametrize(("change", "status", "suggestion"), BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_bad_move_is_refused_and_changes_nothing(
    ada: Caller, bob: Caller, images: list[str], change: dict[str, Any], status: int, suggestion: str
) -> None:
    source, target, foreign = an_album(ada), an_album(ada), an_album(bob)
    ada.post(f"/api/albums/{source}/images", {"imageIds": images})
    names = {"ID": images[0], "FOREIGN": bob.upload().json["image"]["id"], "FOREIGN ALBUM": foreign}
    body: dict[str, Any] = {"imageIds": images, "targetAlbumId": target, "removeFromSourceAlbum": source}
    for field, value in change.items():
        body[field] = [names.get(one, one) for one in value] if isinstance(value, list) else names.get(value, value)
    answer = ada.post(MOVE, body)
    assert answer.status_code == status
    assert answer.json["suggestion"].startswith(suggestion)
    assert (order(ada, source), order(ada, target), order(bob, foreign)) == (images, [], [])


def test_a_hundred_images_may_be_moved_at_once(ada: Caller, images: list[str]) -> None:
    album = an_album(ada)
    answer = ada.post(MOVE, {"imageIds": images * 33 + images[:1], "targetAlbumId": album})
    assert (answer.status_code, answer.json["moved"]) == (200, 3)


def test_images_are_added_at_the_end(ada: Caller, images: list[str]) -> None:
    album = an_album(ada)
    path = f"/api/albums/{album}/images"
    assert ada.post(path, {"imageIds": images[:2]}).json["alreadyInAlbum"] == 0
    answer = ada.post(path, {"imageIds": [images[2], images[0]]})
    assert [(result["imageId"], result["alreadyInAlbum"]) for result in answer.json["results"]] == [
        (images[2], False),
        (images[0], True),
    ]
    assert order(ada, album) == [images[1], images[2], images[0]]


def test_images_are_taken_out_and_stay(ada: Caller, services: MemorySpike, images: list[str]) -> None:
    album = an_album(ada)
    path = f"/api/albums/{album}/images"
    ada.post(path, {"imageIds": images})
    ada.patch(f"/api/albums/{album}", {"coverImageId": images[1]})
    before = services.holdings
    answer = ada.delete(path, {"imageIds": [images[1], str(an_image_id())]})
    assert (answer.status_code, answer.json) == (200, {"success": True, "removed": 1})
    assert order(ada, album) == [images[0], images[2]]
    assert ada.get(f"/api/albums/{album}").json["album"]["coverImageId"] is None
    assert services.holdings == before


def test_an_album_takes_another_order(ada: Caller, images: list[str]) -> None:
    album = an_album(ada)
    path = f"/api/albums/{album}/images"
    assert ada.patch(path, {"imageOrder": []}).json == {"success": True, "imageOrder": []}
    ada.post(path, {"imageIds": images})
    wanted = [images[2], images[0], images[1]]
    answer = ada.patch(path, {"imageOrder": wanted})
    assert (answer.status_code, answer.json) == (200, {"success": True, "imageOrder": wanted})
    assert order(ada, album) == wanted


@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH"])
@pytest.mark.parametrize("ids", [None, "img_1", [7], ["img_1"], {}])
def test_a_bad_list_is_refused(ada: Caller, images: list[str], method: str, ids: Any) -> None:
    album = an_album(ada)
    path = f"/api/albums/{album}/images"
    ada.post(path, {"imageIds": images})
    body = {"imageIds": ids, "imageOrder": ids}
    answer = ada.client.simulate_request(method, path, headers=ada.headers, json=body)
    assert (answer.status_code, answer.json["code"]) == (400, "INVALID_INPUT")
    assert order(ada, album) == images


def test_an_order_that_is_no_permutation_is_refused(ada: Caller, images: list[str]) -> None:
    album = an_album(ada)
    path = f"/api/albums/{album}/images"
    ada.post(path, {"imageIds": images})
    for wrong in (images[:2], [*images, images[0]], [*images[:2], str(an_image_id())]):
        answer = ada.patch(path, {"imageOrder": wrong})
        assert answer.status_code == 400
        assert "must contain each image of the album exactly once" in answer.json["suggestion"]
    assert order(ada, album) == images


def test_a_large_order_may_be_longer_than_other_bodies(ada: Caller) -> None:
    """Here it is refused for its ids instead of its size; beyond the limit for its size."""
    path = f"/api/albums/{an_album(ada)}/images"
    refused = ada.patch(path, {"imageOrder": [str(an_image_id()) for _ in range(10_000)]})
    assert (refused.status_code, refused.json["code"]) == (400, "INVALID_INPUT")
    assert "must contain each image" in refused.json["suggestion"]
    too_large = ada.patch(path, {"imageOrder": ["x" * 200] * 10_000})
    assert (too_large.status_code, too_large.json["code"]) == (400, "FILE_TOO_LARGE")


def test_a_full_album_is_a_conflict(ada: Caller, images: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spike_memory.albums.IMAGES_PER_ALBUM_MAX", 2)
    album = an_album(ada)
    answer = ada.post(MOVE, {"imageIds": images, "targetAlbumId": album})
    assert (answer.status_code, answer.json["code"], answer.json["error"]) == (409, "CONFLICT", "The album is full")
    assert answer.json["suggestion"] == "Please use another album: an album holds at most 2 images"
    assert order(ada, album) == []
