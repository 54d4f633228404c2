"""Album responses match the API's examples, and CONTRACT where there are none."""

from caller import Caller
from golden.added import INVALID_IDS, NO_EXPIRY, a_placed_image, an_album
from golden.images import MOVED
from golden.looks import TEXT, assert_served
from golden.looks import an_id as looks_like_id

COVER = ("id", "url", "thumbnailUrl", "previewUrl", "width", "height", "thumbhash")


def an_id(caller: Caller) -> str:
    image_id: str = caller.upload().json["image"]["id"]
    return image_id


def an_album_id(caller: Caller) -> str:
    album_id: str = caller.post("/api/albums", {"name": "Holidays"}).json["album"]["id"]
    return album_id


def test_moving_three_images_of_which_one_was_there(ada: Caller) -> None:
    """The image that was already there is counted twice, under `moved` and under `alreadyInAlbum`."""
    images, source, target = [an_id(ada) for _ in range(3)], an_album_id(ada), an_album_id(ada)
    ada.post(f"/api/albums/{source}/images", {"imageIds": images[:2]})
    ada.post(f"/api/albums/{target}/images", {"imageIds": images[2:]})
    body = {"imageIds": images, "targetAlbumId": target, "removeFromSourceAlbum": source}
    answer = ada.post("/api/images/move-to-album", body)
    assert answer.status_code == 200
    assert_served({**MOVED, "alreadyInAlbum": 1}, answer.json)
    assert [result["imageId"] for result in answer.json["results"]] == images
    assert ada.get(f"/api/albums/{source}").json["album"]["images"] == []
    assert [image["id"] for image in ada.get(f"/api/albums/{target}").json["album"]["images"]] == images


def test_ids_that_cannot_be_are_named_five_at_most(ada: Caller) -> None:
    body = {"imageIds": [f"img_{number}" for number in range(1, 8)], "targetAlbumId": an_album_id(ada)}
    answer = ada.post("/api/images/move-to-album", body)
    assert answer.status_code == 400
    assert_served(INVALID_IDS, answer.json)


def test_a_hundred_images_are_moved_at_most(ada: Caller) -> None:
    image_id, album_id = an_id(ada), an_album_id(ada)
    for count, status in ((100, 200), (101, 400)):
        body = {"imageIds": [image_id] * count, "targetAlbumId": album_id}
        assert ada.post("/api/images/move-to-album", body).status_code == status


def test_an_album_is_made_shown_changed_and_removed(ada: Caller) -> None:
    made = ada.post("/api/albums", {"name": "Holidays"})
    assert made.status_code == 201
    assert_served({"success": True, "album": an_album()}, made.json)
    assert_served(
        {"success": True, "albums": [{**made.json["album"], "imageCount": 0, "cover": None}], **NO_EXPIRY},
        ada.get("/api/albums").json,
    )
    image_id, path = an_id(ada), f"/api/albums/{made.json['album']['id']}"
    added = ada.post(f"{path}/images", {"imageIds": [image_id]}).json
    result = {"imageId": image_id, "success": True, "albumImageId": looks_like_id("alb_img_"), "alreadyInAlbum": False}
    assert_served({"success": True, "moved": 1, "failed": 0, "alreadyInAlbum": 0, "results": [result]}, added)
    whole = an_album(imageCount=1, images=[a_placed_image(image_id)])
    assert_served(
        {"success": True, "album": whole, "nextCursor": None, "hasMore": False, **NO_EXPIRY}, ada.get(path).json
    )
    cover = {name: a_placed_image(image_id)[name] for name in COVER}
    listed = {"success": True, "albums": [an_album(imageCount=1, cover=cover)], **NO_EXPIRY}
    assert_served(listed, ada.get("/api/albums").json)
    order = {"imageOrder": [image_id]}
    assert_served({"success": True, **order}, ada.patch(f"{path}/images", order).json)
    changes = {
        "name": "Work",
        "description": "What we built",
        "privacy": "UNLISTED",
        "defaultTier": "TIER_4K",
        "autoEnhance": False,
        "coverImageId": image_id,
    }
    changed = {"success": True, "album": an_album(**changes, shareToken=TEXT)}
    assert_served(changed, ada.patch(path, changes).json)
    taken = ada.delete(f"{path}/images", {"imageIds": [image_id]}).json
    assert_served({"success": True, "removed": 1}, taken)
    assert_served({"success": True}, ada.delete(path).json)


def test_an_album_has_no_free_tier(ada: Caller) -> None:
    assert ada.post("/api/albums", {"name": "Holidays", "defaultTier": "FREE"}).status_code == 400
