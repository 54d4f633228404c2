"""`GET /api/images` in an order and narrowed down, and the layouts of the library and of albums."""

from datetime import timedelta
from typing import Any

import pytest

from caller import Caller
from memory_spike import MemorySpike
from spike_contracts.builders import an_image
from spike_core.domain.identifiers import ImageId
from spike_core.domain.limits import IMAGES_EXAMINED_MAX


@pytest.fixture
def ids(ada: Caller, bob: Caller) -> dict[str, str]:
    """Ada's images, by name, in the order of their upload."""
    bob.upload(filename="beach.jpg")
    return {name: ada.upload(filename=name).json["image"]["id"] for name in ("Beach 2.jpg", "a.jpg", "beach 1.jpg")}


def listed(caller: Caller, path: str = "/api/images", **query: str) -> list[str]:
    """Return the ids of all pages, of two images each."""
    found: list[str] = []
    query["limit"] = "2"
    while True:
        answer = caller.get(path, **query).json
        found += [image["id"] for image in answer["images"]]
        assert answer["hasMore"] is (answer["nextCursor"] is not None)
        if not answer["hasMore"]:
            return found
        query["cursor"] = answer["nextCursor"]


@pytest.mark.parametrize("path", ["/api/images", "/api/images/layout"])
def test_images_are_listed_by_age_or_name(ada: Caller, ids: dict[str, str], path: str) -> None:
    uploaded = list(ids.values())
    assert listed(ada, path) == uploaded[::-1]
    assert listed(ada, path, order="oldest") == uploaded
    assert listed(ada, path, order="name") == [ids[name] for name in ("a.jpg", "beach 1.jpg", "Beach 2.jpg")]


@pytest.mark.parametrize("path", ["/api/images", "/api/images/layout"])
def test_all_words_of_a_search_have_to_occur_in_the_name(ada: Caller, ids: dict[str, str], path: str) -> None:
    assert listed(ada, path, search="BEACH") == [ids["beach 1.jpg"], ids["Beach 2.jpg"]]
    assert listed(ada, path, search="jpg 2 beach") == [ids["Beach 2.jpg"]]
    assert listed(ada, path, search="beach 3") == []


def test_images_are_listed_by_the_state_and_the_tiers_of_their_jobs(
    ada: Caller, ids: dict[str, str], services: MemorySpike
) -> None:
    everything = list(ids.values())[::-1]
    assert listed(ada, state="PROCESSING") == listed(ada, state="ORIGINAL") == everything
    services.work()
    assert listed(ada, state="ENHANCED") == listed(ada, tier="TIER_1K") == everything
    assert listed(ada, state="FAILED") == listed(ada, tier="TIER_4K") == listed(ada, state="PROCESSING") == []
    assert listed(ada, state="ENHANCED", tier="TIER_1K", search="a.jpg") == [ids["a.jpg"]]


@pytest.mark.parametrize("path", ["/api/images", "/api/images/layout"])
@pytest.mark.parametrize(
    "query",
    [
        {"order": "size"},
        {"state": "processing"},
        {"search": "x" * 101},
        {"order": "name", "cursor": "1.img_" + "a" * 24},
        {"order": "oldest", "cursor": "~YQ.img_" + "a" * 24},
        {"order": "name", "cursor": "~_w.img_" + "a" * 24},
        {"order": "name", "cursor": "~AA.img_" + "a" * 24},
        {"order": "name", "cursor": "~" + "YWFh" * 100 + ".img_" + "a" * 24},
        {"limit": "2501"},
        {"tier": "\0"},
    ],
    ids=str,
)
def test_a_list_refuses_what_it_cannot_read(ada: Caller, path: str, query: dict[str, str]) -> None:
    answer = ada.get(path, **query)
    assert (answer.status_code, answer.json["code"]) == (400, "INVALID_INPUT")


def test_images_of_these_ids_are_returned_in_their_order_if_they_are_the_callers(
    ada: Caller, bob: Caller, ids: dict[str, str]
) -> None:
    [foreign] = [image["id"] for image in bob.get("/api/images").json["images"]]
    first, second, _ = ids.values()
    answer = ada.get("/api/images", ids=f"{second},{foreign},img_{'0' * 24},{first},{second}").json
    assert [image["id"] for image in answer["images"]] == [second, first]
    assert (answer["nextCursor"], answer["hasMore"]) == (None, False)
    assert ada.get("/api/images", ids=",".join([first] * 101)).status_code == 400
    assert ada.get("/api/images", ids="").status_code == 400


def test_a_layout_says_how_large_and_how_old_images_are(ada: Caller, ids: dict[str, str]) -> None:
    shown: dict[str, Any] = ada.get(f"/api/images/{ids['a.jpg']}").json["image"]
    second = ada.get("/api/images/layout").json["images"][1]
    assert second.pop("cursor") == ada.get("/api/images", limit="2").json["nextCursor"]
    assert second == {
        "id": shown["id"],
        "width": shown["originalWidth"],
        "height": shown["originalHeight"],
        "createdAt": shown["createdAt"],
    }


def test_an_albums_layout_is_for_those_who_may_see_the_album(ada: Caller, bob: Caller, ids: dict[str, str]) -> None:
    album = ada.post("/api/albums", {"name": "Holidays", "privacy": "UNLISTED"}).json["album"]
    path = f"/api/albums/{album['id']}"
    in_order = [ids[name] for name in ("a.jpg", "Beach 2.jpg", "beach 1.jpg")]
    ada.post(f"{path}/images", {"imageIds": in_order})
    assert listed(ada, f"{path}/layout") == in_order
    assert bob.get(f"{path}/layout").status_code == 403
    assert listed(bob, f"{path}/layout", shareToken=album["shareToken"]) == in_order
    first = ada.get(f"{path}/layout").json["images"][0]
    following = ada.get(path, cursor=first["cursor"]).json["album"]["images"]
    assert [image["id"] for image in following] == in_order[1:]


def test_a_request_examines_a_bounded_number_of_images(ada: Caller, services: MemorySpike) -> None:
    """A page may be empty and be followed by others."""
    image_id = ada.upload(filename="first.jpg").json["image"]["id"]
    with services.spike.database.transactions.begin() as tx:
        image = tx.images.get(ImageId(image_id))
        others = [
            an_image(owner_id=image.owner_id, now=image.created_at + timedelta(1)) for _ in range(IMAGES_EXAMINED_MAX)
        ]
        tx.images.add(*others)
    answer = ada.get("/api/images", search="first").json
    assert (answer["images"], answer["hasMore"]) == ([], True)
    [found] = ada.get("/api/images", search="first", cursor=answer["nextCursor"]).json["images"]
    assert found["id"] == image_id
