"""Albums with real adapters: SQLite and files behind the application, without a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from falcon import testing

from caller import Caller
from forked_children import forked_children
from pictures import a_photo
from spike_core.domain.accounts import Email
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.objects import PictureFormat
from spike_core.domain.tokens import Tokens
from spike_http import create_app
from spike_runtime import Settings, build

PHOTO = a_photo(Dimensions(width_px=320, height_px=240), PictureFormat.JPEG)


@pytest.fixture
def ada(tmp_path: Path) -> Iterator[Caller]:
    spike = build(Settings(data_dir=tmp_path / "var"))
    spike.database.migrate()
    registered = spike.accounts.registration.register(Email("ada@example.org"), tokens=Tokens(100))
    with forked_children():
        yield Caller(testing.TestClient(create_app(spike)), registered)
    spike.database.close()


def test_an_unlisted_album_can_be_filled_shared_and_removed(ada: Caller) -> None:
    old, new = (ada.post("/api/albums", {"name": name}).json["album"]["id"] for name in ("Old", "New"))
    ids = [ada.upload(PHOTO).json["image"]["id"] for _ in range(3)]
    assert ada.post(f"/api/albums/{old}/images", {"imageIds": ids}).json["moved"] == 3
    move = {"imageIds": ids[:2], "targetAlbumId": new, "removeFromSourceAlbum": old}
    assert ada.post("/api/images/move-to-album", move).json["moved"] == 2
    assert ada.patch(f"/api/albums/{new}/images", {"imageOrder": ids[1::-1]}).status_code == 200
    changed = ada.patch(f"/api/albums/{new}", {"privacy": "UNLISTED", "coverImageId": ids[0]})
    token = changed.json["album"]["shareToken"]

    assert ada.client.simulate_get(f"/api/albums/{new}").status_code == 401
    shown = ada.client.simulate_get(f"/api/albums/{new}", params={"shareToken": token}).json["album"]
    assert ([image["id"] for image in shown["images"]], shown["shareToken"]) == (ids[1::-1], None)
    for image in shown["images"]:
        stored = ada.client.simulate_get(image["url"].removeprefix("http://falconframework.org"))
        assert stored.content == PHOTO

    assert ada.delete(f"/api/albums/{new}/images", {"imageIds": ids[:1]}).json["removed"] == 1
    assert ada.get(f"/api/albums/{new}").json["album"]["coverImageId"] is None
    assert ada.delete(f"/api/albums/{new}").status_code == 200
    assert [album["id"] for album in ada.get("/api/albums").json["albums"]] == [old]
    assert [ada.get(f"/api/images/{image_id}").status_code for image_id in ids] == [200, 200, 200]
