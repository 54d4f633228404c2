"""Pages that need no account: a shared album, and a picture before and after, each with a preview card of its own."""

import io
import re
import zipfile
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from browsing import Person, as_file, upload
from eventually import eventually


def card(person: Person, path: str) -> dict[str, str]:
    """Return the Open Graph properties of a page, as a site that links to it reads them."""
    text = person.server.ask("GET", path).content.decode()
    return dict(re.findall(r'<meta property="(og:[\w:]+)" content="([^"]*)">', text))


def as_stranger(browser: Browser) -> Page:
    return browser.new_context(viewport={"width": 360, "height": 740}, reduced_motion="reduce").new_page()


def test_a_shared_album_has_a_page_and_a_card_without_an_account(studio: Page, ada: Person, browser: Browser) -> None:
    upload(studio, as_file("one.jpg"), as_file("two.jpg"))
    name = '"Holidays" <by the sea>'
    album: Any = ada.ask("POST", "/api/albums", {"name": name, "privacy": "UNLISTED"})["album"]
    ids = [image["id"] for image in ada.images()]
    ada.ask("POST", f"/api/albums/{album['id']}/images", {"imageIds": ids})
    path = f"/share/albums/{album['id']}?shareToken={album['shareToken']}"
    facts = card(ada, path)
    assert facts["og:title"] == "&quot;Holidays&quot; &lt;by the sea&gt;"
    assert facts["og:description"] == "2 pictures"
    assert facts["og:url"] == f"{ada.server.url}{path}"
    assert ada.server.ask("GET", facts["og:image"].replace("&amp;", "&").removeprefix(ada.server.url)).status == 200
    assert card(ada, f"/share/albums/{album['id']}") == {}
    stranger = as_stranger(browser)
    stranger.goto(f"{ada.server.url}{path}")
    expect(stranger.get_by_role("heading", name="Holidays")).to_be_visible()
    expect(stranger.locator(".tile.loaded")).to_have_count(2)
    links = [link.get_attribute("href") or "" for link in stranger.locator(".tile [data-link]").all()]
    assert ["/files/" in link for link in links] == [True, True], "a click leads to the picture"
    stranger.goto(f"{ada.server.url}/share/albums/{album['id']}")
    expect(stranger.get_by_role("heading", name="You must be logged in to access this resource")).to_be_visible()
    stranger.context.close()


def test_a_public_picture_is_compared_before_and_after_without_an_account(
    studio: Page, ada: Person, browser: Browser
) -> None:
    upload(studio, as_file("cat.jpg"))
    [image] = ada.images()
    shown = ada.ask("GET", f"/api/images/{image['id']}?wait=30")["image"]
    [job] = shown["jobs"]
    assert card(ada, f"/share/pictures/{image['id']}") == {}
    studio.goto(f"{ada.server.url}/#/picture/{image['id']}")
    studio.context.grant_permissions(["clipboard-read", "clipboard-write"])
    studio.get_by_role("button", name="Share").click()
    studio.get_by_role("dialog").get_by_role("button", name="Share").click()
    expect(studio.get_by_text("Link copied")).to_be_visible()
    link = studio.evaluate("navigator.clipboard.readText()")
    assert link == f"{ada.server.url}/share/pictures/{image['id']}?job={job['id']}"
    facts = card(ada, link.removeprefix(ada.server.url))
    assert facts["og:title"] == "cat.jpg, before and after"
    assert facts["og:description"].startswith("Before: 451 by 300 pixels. After: 1024 by ")
    path = link.removeprefix(ada.server.url)
    eventually("the card of both", lambda: card(ada, path)["og:image"].endswith(f"/card/{job['id']}.jpg"))
    answer = ada.server.ask("GET", card(ada, path)["og:image"].removeprefix(ada.server.url))
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1200, 630))
        assert "exif" not in picture.info
    stranger = as_stranger(browser)
    stranger.goto(link)
    expect(stranger.get_by_role("heading", name="cat.jpg")).to_be_visible()
    expect(stranger.get_by_role("slider")).to_have_attribute("aria-valuenow", "50")
    stranger.context.close()


def test_selected_pictures_and_albums_are_downloaded_as_zip(studio: Page, ada: Person) -> None:
    upload(studio, as_file("one.jpg"), as_file("two.jpg"))
    album: Any = ada.ask("POST", "/api/albums", {"name": "Holidays"})["album"]
    ada.ask("POST", f"/api/albums/{album['id']}/images", {"imageIds": [image["id"] for image in ada.images()]})
    for box in studio.locator(".select-box input").all():
        box.check()
    with studio.expect_download() as selected:
        studio.get_by_role("button", name="Download").click()
    studio.goto(f"{ada.server.url}/#/albums/{album['id']}")
    with studio.expect_download() as whole:
        studio.get_by_role("link", name="Download").click()
    for download in (selected.value, whole.value):
        assert download.suggested_filename.endswith(".zip")
        with zipfile.ZipFile(download.path()) as archive:
            assert len(archive.namelist()) == 2
            assert archive.testzip() is None
