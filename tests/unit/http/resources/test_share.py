"""`/share`: the studio's page with a preview card."""

import re
from datetime import timedelta
from typing import Any

from caller import Caller
from memory_spike import MemorySpike
from spike_core.domain.objects import ObjectKey
from spike_core.domain.renditions import CARD_SIZE
from spike_memory import a_picture


def page(caller: Caller, path: str, *, status: int = 200, **query: str) -> str:
    """Return the page as a site reads it that links to it."""
    answer = caller.client.simulate_get(path, params=query)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


def test_a_card_escapes_what_its_owner_wrote(ada: Caller) -> None:
    album: dict[str, Any] = ada.post(
        "/api/albums", {"name": '"><script>alert(1)</script>', "privacy": "PUBLIC", "description": "a\n'b' & c"}
    ).json["album"]
    text = page(ada, f"/share/albums/{album['id']}")
    assert 'property="og:title" content="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in text
    assert 'property="og:description" content="a\n&#x27;b&#x27; &amp; c"' in text
    assert 'name="twitter:card" content="summary"' in text
    assert "noindex" not in text


def test_a_card_of_an_unlisted_album_needs_its_token_and_is_not_for_search_engines(ada: Caller) -> None:
    album = ada.post("/api/albums", {"name": "Holidays", "privacy": "UNLISTED"}).json["album"]
    path = f"/share/albums/{album['id']}"
    ada.post(f"/api{path.removeprefix('/share')}/images", {"imageIds": [ada.upload().json["image"]["id"]]})
    text = page(ada, path, shareToken=album["shareToken"])
    assert 'content="Holidays"' in text
    assert 'name="robots" content="noindex"' in text
    assert 'property="og:image" content="' in text
    for other, query in ((path, {}), (path, {"shareToken": "x"}), ("/share/albums/x", {})):
        answer = ada.client.simulate_get(other, params=query, headers={"If-None-Match": "*"})
        assert answer.status_code == 404
        assert "og:title" not in answer.text
        assert "etag" not in answer.headers
        assert "<script" in answer.text, "the page says what is wrong"


def check_card(ada: Caller, services: MemorySpike, image_id: str, path: str) -> None:
    """It is made once, by the first request for it; it is an object like all others, and private with its image."""

    def stored() -> list[str]:
        return [each.key.text for each in services.blobs.scan(limit=100) if each.key.text.startswith("cards/")]

    def status(path: str) -> int:
        return ada.client.simulate_get(path).status_code

    [preview] = [
        each.key for each in services.blobs.scan(limit=100) if each.key.text.startswith(f"previews/{image_id}")
    ]
    services.blobs.delete([preview])
    assert status(path) == 404
    services.background.run()  # the preview is made anew
    assert ada.client.simulate_head(path).status_code == 200
    answer = ada.client.simulate_get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.content == a_picture(CARD_SIZE)
    assert answer.headers["cache-control"] == "public, max-age=300"
    again = ada.client.simulate_get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    [key] = stored()
    services.clock.advance(timedelta(days=2))
    services.spike.maintenance.recovery.collect_orphans()
    assert stored() == [key]
    assert list(services.spike.maintenance.audit.findings()) == []
    assert status(f"/files/{key}") == 200
    other = ada.upload().json["image"]["id"]
    assert status(path.replace(image_id, other)) == status(path.replace("/job_", "/img_")) == 404
    ada.patch(f"/api/images/{image_id}", {"isPublic": False})
    assert status(path) == status(f"/files/{key}") == 404
    ada.patch(f"/api/images/{image_id}", {"isPublic": True})
    services.blobs.delete([ObjectKey.parse(key)])
    assert status(path) == 404
    services.background.run()
    assert status(path) == 200
    assert len(stored()) == 1
    assert ada.post("/api/images/delete", {"imageIds": [image_id]}).json["deleted"] == [image_id]
    assert stored() == []


def test_a_card_of_a_public_picture_shows_it_before_and_after(ada: Caller, services: MemorySpike) -> None:
    image_id = ada.upload(filename="cat.jpg").json["image"]["id"]
    path = f"/share/pictures/{image_id}"
    assert "og:title" not in page(ada, path, status=404)
    ada.patch(f"/api/images/{image_id}", {"isPublic": True})
    assert f"/files/images/{image_id}" in page(ada, path)
    services.work()
    [job] = ada.get(f"/api/images/{image_id}").json["image"]["jobs"]
    before = ada.get(f"/api/images/{image_id}").json["image"]["viewCount"]
    text = page(ada, path, job=job["id"])
    assert 'property="og:title" content="cat.jpg, before and after"' in text
    assert 'property="og:description" content="Before: 1920 by 1080 pixels. After: 1024 by 576 pixels"' in text
    pictures = re.findall(r'"og:image" content="[^"]*/([a-z]+)/[^"]*">\n.*"og:image:alt" content="([^"]*)"', text)
    assert pictures == [("enhanced", "cat.jpg, after"), ("images", "cat.jpg, before")]
    assert f"{path}?job={job['id']}" in text
    services.background.run()
    text = page(ada, path)
    [(url, width, height)] = re.findall(
        r'"og:image" content="([^"]*)">\n.*width" content="(\d+)">\n.*height" content="(\d+)"', text
    )
    assert (width, height) == ("1200", "630")
    card_path = url.removeprefix("http://falconframework.org")
    assert card_path == f"{path}/card/{job['id']}.jpg"
    assert ada.get(f"/api/images/{image_id}").json["image"]["viewCount"] == before
    check_card(ada, services, image_id, card_path)


def test_an_address_that_makes_cards_is_limited_as_one_that_reads_images(ada: Caller, services: MemorySpike) -> None:
    image_id = ada.upload().json["image"]["id"]
    ada.patch(f"/api/images/{image_id}", {"isPublic": True})
    ada.post("/api/images/enhance", {"imageId": image_id, "tier": "TIER_2K"})
    services.work()
    services.background.run()
    image = ada.get(f"/api/images/{image_id}").json["image"]
    first, second = (f"/share/pictures/{image_id}/card/{job['id']}.jpg" for job in image["jobs"])
    assert ada.client.simulate_get(first).status_code == 200
    services.clock.advance(timedelta(seconds=1))
    for _ in range(99):
        assert ada.client.simulate_get(f"/api/images/{image_id}").status_code == 200
    answer = ada.client.simulate_get(second)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "899")
    assert ada.client.simulate_get(first).status_code == 200, "it is there"
    services.clock.advance(timedelta(minutes=15))
    assert ada.client.simulate_get(second).status_code == 200
