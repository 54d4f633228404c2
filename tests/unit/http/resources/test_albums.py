"""`/api/albums`: create, list, read, change, delete."""

from datetime import timedelta
from typing import Any

import pytest
from falcon import testing

from caller import Caller
from memory_spike import MemorySpike
from spike_contracts.builders import an_album_id, an_image_id
from spike_core.domain.identifiers import AlbumId

FACTS: dict[str, Any] = {
    "name": "Holidays",
    "description": "Two weeks\nby the sea",
    "privacy": "UNLISTED",
    "defaultTier": "TIER_4K",
    "autoEnhance": False,
}
COVER = ("id", "url", "thumbnailUrl", "previewUrl", "width", "height", "thumbhash")


def made(caller: Caller, **facts: Any) -> Any:
    answer = caller.post("/api/albums", {"name": "Holidays", **facts})
    assert answer.status_code == 201
    return answer.json["album"]


def test_a_new_album_has_the_defaults(ada: Caller) -> None:
    answer = ada.post("/api/albums", {"name": "Holidays"})
    assert answer.status_code == 201
    assert answer.json == {
        "success": True,
        "album": {
            "id": str(AlbumId.parse(answer.json["album"]["id"])),
            "name": "Holidays",
            "description": None,
            "privacy": "PRIVATE",
            "shareToken": None,
            "defaultTier": "TIER_1K",
            "autoEnhance": True,
            "coverImageId": None,
            "createdAt": "2026-01-01T12:00:00Z",
            "updatedAt": "2026-01-01T12:00:00Z",
        },
    }


def test_a_new_album_is_as_it_was_wanted(ada: Caller) -> None:
    album = made(ada, **FACTS)
    assert FACTS.items() <= album.items()
    assert album["shareToken"]
    nulls = dict.fromkeys(["description", "privacy", "defaultTier", "autoEnhance"])
    assert made(ada, **nulls).items() >= {"privacy": "PRIVATE", "defaultTier": "TIER_1K", "autoEnhance": True}.items()


BAD_FACTS: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"name": None}, "Please provide a name"),
    "a blank name": ({"name": "  "}, "Please check your request: name must have 1 to 100"),
    "a long name": ({"name": "x" * 101}, "Please check your request: name must have 1 to 100"),
    "a name of two lines": ({"name": "a\nb"}, "Please check your request: name must have 1 to 100"),
    "a surrogate": ({"name": "\ud800"}, "Please check your request: name must have 1 to 100"),
    "a number as name": ({"name": 1}, "Please check your request: name must be a string"),
    "a long description": ({"description": "x" * 2001}, "Please check your request: description must have at most"),
    "a description with NUL": ({"description": "\0"}, "Please check your request: description must have at most"),
    "an unknown privacy": ({"privacy": "secret"}, "Please check your request: privacy must be one of PRIVATE,"),
    "an unknown tier": ({"defaultTier": "TIER_8K"}, "Please check your request: tier must be one of"),
    "the free tier": ({"defaultTier": "FREE"}, "Please check your request: defaultTier can't be FREE"),
    "a text as truth": ({"autoEnhance": "yes"}, "Please check your request: autoEnhance must be true or false"),
}


@pytest.mark.parametrize(("facts", "suggestion"), BAD_FACTS.values(), ids=BAD_FACTS.keys())
def test_a_bad_album_is_refused_and_not_made(ada: Caller, facts: dict[str, Any], suggestion: str) -> None:
    answer = ada.post("/api/albums", {"name": "Holidays", **facts})
    assert (answer.status_code, answer.json["code"]) == (400, "INVALID_INPUT")
    assert answer.json["suggestion"].startswith(suggestion)
    assert ada.get("/api/albums").json["albums"] == []


@pytest.mark.parametrize(("facts", "suggestion"), list(BAD_FACTS.values())[1:], ids=list(BAD_FACTS)[1:])
def test_a_bad_change_is_refused_and_changes_nothing(ada: Caller, facts: dict[str, Any], suggestion: str) -> None:
    album = made(ada)
    answer = ada.patch(f"/api/albums/{album['id']}", {"privacy": "PUBLIC", **facts})
    assert (answer.status_code, answer.json["code"]) == (400, "INVALID_INPUT")
    assert answer.json["suggestion"].startswith(suggestion)
    assert ada.get("/api/albums").json["albums"] == [{**album, "imageCount": 0, "cover": None}]


@pytest.mark.parametrize("field", ["name", "privacy", "defaultTier", "autoEnhance"])
def test_what_an_album_must_have_cannot_be_taken_away(ada: Caller, field: str) -> None:
    answer = ada.patch(f"/api/albums/{made(ada)['id']}", {field: None})
    assert (answer.status_code, answer.json["suggestion"]) == (400, f"Please check your request: {field} can't be null")


def test_albums_are_listed_newest_first(ada: Caller, bob: Caller, services: MemorySpike) -> None:
    first = made(ada)
    services.clock.advance(timedelta(seconds=1))
    second = made(ada, privacy="UNLISTED")
    made(bob, privacy="PUBLIC")
    assert ada.get("/api/albums").json["albums"] == [
        {**album, "imageCount": 0, "cover": None} for album in (second, first)
    ]


def test_an_album_is_shown_with_its_images_in_order(ada: Caller) -> None:
    album = made(ada)
    uploaded = [ada.upload().json["image"] for _ in range(3)]
    ids = [image["id"] for image in reversed(uploaded)]
    ada.post(f"/api/albums/{album['id']}/images", {"imageIds": ids})
    answer = ada.get(f"/api/albums/{album['id']}")
    assert answer.status_code == 200
    shown = answer.json["album"]
    images = shown.pop("images")
    assert shown == {**album, "imageCount": 3}
    assert (answer.json["nextCursor"], answer.json["hasMore"]) == (None, False)
    assert [image["id"] for image in images] == ids
    for image, original in zip(images, reversed(uploaded), strict=True):
        own = {name: value for name, value in original.items() if name != "duplicateOf"}  # of the upload alone
        assert {name: image[name] for name in own} == own
        assert (image["isPublic"], image["addedAt"]) == (False, "2026-01-01T12:00:00Z")


def test_an_album_is_shown_in_pages(ada: Caller, client: testing.TestClient) -> None:
    """To visitors too; each page tells how many images the album contains."""
    album = made(ada, privacy="UNLISTED")
    ids = [ada.upload().json["image"]["id"] for _ in range(5)]
    ada.post(f"/api/albums/{album['id']}/images", {"imageIds": ids})
    query, shown = {"limit": "2", "shareToken": album["shareToken"]}, []
    while True:
        answer = client.simulate_get(f"/api/albums/{album['id']}", params=query).json
        assert answer["album"]["imageCount"] == 5
        shown.append([image["id"] for image in answer["album"]["images"]])
        assert answer["hasMore"] is (answer["nextCursor"] is not None)
        if not answer["hasMore"]:
            break
        query["cursor"] = answer["nextCursor"]
    assert shown == [ids[:2], ids[2:4], ids[4:]]


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"cursor": ""}, {"cursor": "x"}, {"cursor": "9" * 19}]
)
def test_a_page_that_cannot_be_is_refused(ada: Caller, query: dict[str, str]) -> None:
    assert ada.get(f"/api/albums/{made(ada)['id']}", **query).status_code == 400


def test_albums_are_listed_with_their_cover(ada: Caller) -> None:
    """The chosen image, or else the first."""
    album = made(ada)
    path = f"/api/albums/{album['id']}"
    first, second = (ada.upload().json["image"] for _ in range(2))
    ada.post(f"{path}/images", {"imageIds": [first["id"], second["id"]]})
    for cover in (first, second):
        [listed] = ada.get("/api/albums").json["albums"]
        assert listed["cover"] == {name: cover[name] for name in COVER}
        assert listed["imageCount"] == 2
        ada.patch(path, {"coverImageId": second["id"]})


@pytest.mark.parametrize(
    ("privacy", "unauthenticated", "stranger", "with_token"),
    [("PRIVATE", 401, 403, 401), ("UNLISTED", 401, 403, 200), ("PUBLIC", 200, 200, 200)],
)
def test_who_may_look_is_decided_by_the_privacy(
    ada: Caller,
    bob: Caller,
    client: testing.TestClient,
    privacy: str,
    unauthenticated: int,
    stranger: int,
    with_token: int,
) -> None:
    album = made(ada, privacy="UNLISTED")
    path, token = f"/api/albums/{album['id']}", album["shareToken"]
    ada.patch(path, {"privacy": privacy})
    assert ada.get(path).status_code == 200
    assert client.simulate_get(path).status_code == unauthenticated
    assert client.simulate_get(path, params={"shareToken": "x" * 43}).status_code == unauthenticated
    assert bob.get(path).status_code == stranger
    assert bob.get(path, shareToken="").status_code == stranger
    assert client.simulate_get(path, params={"shareToken": token}).status_code == with_token
    assert bob.get(path, shareToken=token).status_code == (403 if with_token == 401 else 200)


@pytest.mark.parametrize("privacy", ["UNLISTED", "PUBLIC"])
def test_others_see_private_images_by_signed_links_and_no_share_token(
    ada: Caller, bob: Caller, client: testing.TestClient, services: MemorySpike, privacy: str
) -> None:
    album = made(ada, privacy=privacy)
    private, public = (ada.upload().json["image"]["id"] for _ in range(2))
    services.publish(public)
    ada.post(f"/api/albums/{album['id']}/images", {"imageIds": [private, public]})
    query = {"shareToken": album["shareToken"] or ""}
    path = f"/api/albums/{album['id']}"
    for answer in (client.simulate_get(path, params=query), bob.get(path, **query)):
        shown = answer.json["album"]
        assert shown["shareToken"] is None
        signed, plain = (image["url"] for image in shown["images"])
        assert "signature=" in signed
        assert "signature=" not in plain
        assert client.simulate_get(signed.removeprefix("http://falconframework.org")).status_code == 200
        bare = signed.removeprefix("http://falconframework.org").partition("?")[0]
        assert client.simulate_get(bare).status_code == 404
    assert client.simulate_get(f"/api/images/{private}").status_code == 401


def test_a_change_changes_what_it_names(ada: Caller) -> None:
    album = made(ada, description="By the sea")
    path = f"/api/albums/{album['id']}"
    assert ada.patch(path, {}).json == {"success": True, "album": album}
    assert ada.patch(path, {"unknown": 1}).json == {"success": True, "album": album}
    changed = ada.patch(path, {"name": "Work", "defaultTier": "TIER_2K", "autoEnhance": False})
    assert changed.status_code == 200
    assert changed.json["album"] == {**album, "name": "Work", "defaultTier": "TIER_2K", "autoEnhance": False}
    assert ada.patch(path, {"description": None}).json["album"]["description"] is None


def test_a_share_token_comes_and_goes_with_the_privacy(ada: Caller) -> None:
    path = f"/api/albums/{made(ada)['id']}"
    first = ada.patch(path, {"privacy": "UNLISTED"}).json["album"]["shareToken"]
    assert ada.get(path).json["album"]["shareToken"] == first
    assert ada.get("/api/albums").json["albums"][0]["shareToken"] == first
    assert ada.patch(path, {"privacy": "PRIVATE"}).json["album"]["shareToken"] is None
    assert ada.patch(path, {"privacy": "UNLISTED"}).json["album"]["shareToken"] not in {None, first}


def test_a_cover_is_an_image_of_the_album(ada: Caller) -> None:
    path = f"/api/albums/{made(ada)['id']}"
    inside, outside = (ada.upload().json["image"]["id"] for _ in range(2))
    ada.post(f"{path}/images", {"imageIds": [inside]})
    assert ada.patch(path, {"coverImageId": inside}).json["album"]["coverImageId"] == inside
    for wrong, status in ((outside, 400), (str(an_image_id()), 400), (7, 400), ("img_1", 404)):
        assert ada.patch(path, {"coverImageId": wrong}).status_code == status
    assert ada.get(path).json["album"]["coverImageId"] == inside
    assert ada.patch(path, {"coverImageId": None}).json["album"]["coverImageId"] is None


def test_a_removed_album_is_gone_and_its_images_stay(ada: Caller, services: MemorySpike) -> None:
    path = f"/api/albums/{made(ada)['id']}"
    image_id = ada.upload().json["image"]["id"]
    ada.post(f"{path}/images", {"imageIds": [image_id]})
    before = services.holdings
    answer = ada.delete(path)
    assert (answer.status_code, answer.json) == (200, {"success": True})
    assert (ada.get(path).status_code, ada.delete(path).status_code) == (404, 404)
    assert ada.get(f"/api/images/{image_id}").status_code == 200
    assert services.holdings == before


def test_too_many_albums_are_a_conflict(ada: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spike_core.services.albums.ALBUMS_PER_OWNER_MAX", 1)
    made(ada)
    answer = ada.post("/api/albums", {"name": "Holidays"})
    assert (answer.status_code, answer.json["code"]) == (409, "CONFLICT")
    assert (answer.json["error"], answer.json["suggestion"]) == (
        "You have too many albums",
        "Please remove an album first: you can have at most 1",
    )


def test_whoever_is_not_the_owner_is_refused(ada: Caller, bob: Caller, client: testing.TestClient) -> None:
    path = f"/api/albums/{made(ada, privacy='PUBLIC')['id']}"
    image_ids = {"imageIds": [bob.upload().json["image"]["id"]]}
    requests: list[tuple[str, str, Any]] = [
        ("PATCH", path, {"name": "Mine"}),
        ("DELETE", path, None),
        ("POST", f"{path}/images", image_ids),
        ("DELETE", f"{path}/images", image_ids),
        ("PATCH", f"{path}/images", {"imageOrder": []}),
    ]
    for method, address, body in requests:
        unknown = address.replace(path, f"/api/albums/{an_album_id()}")
        malformed = address.replace(path, "/api/albums/album_123")
        assert client.simulate_request(method, address, json=body).status_code == 401
        assert client.simulate_request(method, address, json=body, headers=bob.headers).status_code == 403
        assert client.simulate_request(method, unknown, json=body, headers=bob.headers).status_code == 404
        assert client.simulate_request(method, malformed, json=body, headers=bob.headers).status_code == 404
    for method, address in (("GET", "/api/albums"), ("POST", "/api/albums"), ("POST", "/api/images/move-to-album")):
        assert client.simulate_request(method, address, json={}).status_code == 401
    assert client.simulate_get(f"/api/albums/{an_album_id()}").status_code == 404
