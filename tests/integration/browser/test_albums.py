"""Point 6: albums: creation, cover, privacy and link, default tier, order by drag and by keyboard, multiple moves."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from browsing import Person, as_file, drop, photo, sign_in, upload
from multipart import CONTENT_TYPE, a_form, a_part

NAMES = ["one.jpg", "two.jpg", "three.jpg", "four.jpg"]


def an_album(person: Person, **facts: object) -> Any:
    return person.ask("POST", "/api/albums", {"name": "Holidays", "autoEnhance": False, **facts})["album"]


def order(person: Person, album: Any) -> list[str]:
    """Return the names of an album's images, as the server returns them."""
    return [image["name"] for image in person.ask("GET", f"/api/albums/{album['id']}")["album"]["images"]]


def fill(person: Person, album: Any, names: Sequence[str], *, content: bytes) -> None:
    """Upload the same picture under these names to an album, twenty at a time."""
    for start in range(0, len(names), 20):
        files = [a_part("files", content, filename=name) for name in names[start : start + 20]]
        answer = person.server.ask(
            "POST",
            "/api/images/batch-upload",
            token=person.token,
            body=a_form(a_part("albumId", album["id"].encode()), *files),
            content_type=CONTENT_TYPE,
        )
        assert answer.json["summary"]["successful"] == len(files), answer.content


@pytest.fixture
def album(studio: Page, ada: Person) -> Any:
    """An album of four pictures, open in the page."""
    album = an_album(ada, privacy="UNLISTED")
    fill(ada, album, NAMES, content=photo())
    studio.goto(f"{ada.server.url}/#/albums/{album['id']}")
    expect(studio.locator(".tile")).to_have_count(len(NAMES))
    return album


def test_an_album_is_made_with_its_privacy_and_tier(studio: Page, ada: Person) -> None:
    studio.get_by_role("link", name="Albums").click()
    studio.get_by_role("button", name="New album").click()
    dialog = studio.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Holidays")
    dialog.get_by_label("Who can see it").select_option("PUBLIC")
    dialog.get_by_label("Enhance uploads").select_option("TIER_4K")
    dialog.get_by_role("button", name="Create").click()
    expect(studio.get_by_role("heading", name="Holidays")).to_be_visible()
    (album,) = ada.ask("GET", "/api/albums")["albums"]
    assert (album["name"], album["privacy"], album["defaultTier"]) == ("Holidays", "PUBLIC", "TIER_4K")
    drop(studio, "main", as_file())
    expect(studio.locator(".tile")).to_have_count(1)
    assert ada.balance() == 90, "at the album's tier"


def test_pictures_are_put_in_order_by_drag(studio: Page, ada: Person, album: Any) -> None:
    studio.locator(".tile", has_text="four.jpg").locator("a").drag_to(
        studio.locator(".tile", has_text="one.jpg"), target_position={"x": 10, "y": 40}
    )
    expect(studio.locator(".tile .name").first).to_have_text("four.jpg")
    studio.reload()
    expect(studio.locator(".tile .name").first).to_have_text("four.jpg")
    assert order(ada, album) == ["four.jpg", "one.jpg", "two.jpg", "three.jpg"]


def test_pictures_are_put_in_order_by_keys(studio: Page, ada: Person, album: Any) -> None:
    studio.locator(".tile", has_text="two.jpg").locator("a").focus()
    with studio.expect_response("**/images"):
        studio.keyboard.press("Alt+ArrowLeft")
    expect(studio.get_by_text("two.jpg is now number 1 of 4")).to_be_attached()
    expect(studio.locator(".tile a:focus")).to_contain_text("two.jpg")
    studio.get_by_role("button", name="Arrange").click()
    studio.get_by_role("button", name="Move two.jpg later").focus()
    for _step in range(2):
        with studio.expect_response("**/images"):
            studio.keyboard.press("Enter")
    assert order(ada, album) == ["one.jpg", "three.jpg", "two.jpg", "four.jpg"]


def test_a_picture_whose_deletion_may_be_undone_keeps_its_place_while_others_are_moved(
    studio: Page, ada: Person, album: Any
) -> None:
    studio.get_by_role("checkbox", name="Select three.jpg").check()
    studio.get_by_role("toolbar").get_by_role("button", name="Delete").click()
    studio.locator(".tile", has_text="one.jpg").locator("a").focus()
    with studio.expect_response("**/images"):
        studio.keyboard.press("Alt+ArrowRight")
    studio.get_by_role("button", name="Undo").click()
    moved = ["two.jpg", "one.jpg", "three.jpg", "four.jpg"]
    expect(studio.locator(".tile .name")).to_have_text(moved)
    assert order(ada, album) == moved


def test_a_cover_is_chosen(studio: Page, ada: Person, album: Any) -> None:
    studio.get_by_role("checkbox", name="Select three.jpg").check()
    studio.get_by_role("button", name="Set as cover").click()
    expect(studio.get_by_text("The cover is set")).to_be_visible()
    shown = ada.ask("GET", f"/api/albums/{album['id']}")["album"]
    cover = next(image for image in shown["images"] if image["name"] == "three.jpg")
    assert shown["coverImageId"] == cover["id"]
    studio.get_by_role("link", name="Albums").click()
    # its thumbnail, or the original as long as that isn't made
    expect(studio.locator(".cover img")).to_have_attribute(
        "src", re.compile(rf"/(thumbnails|images)/{cover['id']}[-.]")
    )


def test_the_link_of_an_unlisted_album_shows_it_to_strangers(browser: Browser, studio: Page, album: Any) -> None:
    studio.context.grant_permissions(["clipboard-read", "clipboard-write"])
    studio.get_by_role("button", name="Copy link").click()
    expect(studio.get_by_text("Link copied")).to_be_visible()
    link = studio.evaluate("navigator.clipboard.readText()")
    assert link.endswith(f"/share/albums/{album['id']}?shareToken={album['shareToken']}")
    context = browser.new_context()
    stranger = context.new_page()
    stranger.goto(link)
    expect(stranger.get_by_role("heading", name="Holidays")).to_be_visible()
    expect(stranger.locator(".tile img")).to_have_count(4)
    stranger.goto("about:blank")
    stranger.goto(link[:-3])
    expect(stranger.get_by_role("heading", name="Holidays")).to_be_hidden()
    context.close()


def test_settings_are_changed_and_the_album_deleted(studio: Page, ada: Person, album: Any) -> None:
    studio.get_by_role("button", name="Settings").click()
    dialog = studio.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Winter")
    dialog.get_by_label("Who can see it").select_option("PRIVATE")
    dialog.get_by_label("Enhance uploads").select_option("TIER_2K")
    dialog.get_by_role("button", name="Save").click()
    expect(studio.get_by_role("heading", name="Winter")).to_be_visible()
    expect(studio.get_by_text("Uploads are enhanced at 2K, 5 tokens each")).to_be_visible()
    expect(studio.get_by_role("button", name="Copy link")).to_have_count(0)
    studio.get_by_role("button", name="Settings").click()
    studio.get_by_role("button", name="Delete album").click()
    studio.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(studio.get_by_role("heading", name="No albums yet")).to_be_visible()
    assert len(ada.images()) == 4, "the pictures stay"
    assert album["id"]


def test_many_are_moved_to_another_album(studio: Page, ada: Person, album: Any) -> None:
    other = an_album(ada, name="Best of")
    for name in ("one.jpg", "three.jpg"):
        studio.get_by_role("checkbox", name=f"Select {name}").check()
    studio.get_by_role("button", name="Move to album").click()
    studio.get_by_role("dialog").get_by_label("Best of").check()
    studio.get_by_role("dialog").get_by_role("button", name="Move").click()
    expect(studio.locator(".tile")).to_have_count(2)
    assert order(ada, album) == ["two.jpg", "four.jpg"]
    assert order(ada, other) == ["one.jpg", "three.jpg"]


def test_many_are_moved_from_the_library(page: Page, ada: Person) -> None:
    sign_in(page, ada)
    album = an_album(ada)
    upload(page, *(as_file(name) for name in NAMES))
    for name in NAMES:
        page.get_by_role("checkbox", name=f"Select {name}").check()
    page.get_by_role("button", name="Move to album").click()
    page.get_by_role("dialog").get_by_role("button", name="Move").click()
    expect(page.get_by_text("4 moved to Holidays")).to_be_visible()
    assert sorted(order(ada, album)) == sorted(NAMES)


def test_an_album_of_more_than_a_page_is_shown_and_arranged_whole(browser: Browser, studio: Page, ada: Person) -> None:
    """To its owner and to strangers, also by an address that earlier releases copied."""
    album = an_album(ada, privacy="UNLISTED")
    names = [f"{number:03}.jpg" for number in range(1, 104)]
    fill(ada, album, names, content=photo(size=(24, 16)))
    assert order(ada, album) == names[:100]
    studio.get_by_role("link", name="Albums").click()
    expect(studio.get_by_text("103 pictures, anyone with the link")).to_be_visible()
    expect(studio.locator(".cover img")).to_have_count(1)
    studio.locator(".album").click()
    expect(studio.locator("h1 .count")).to_have_text("103")
    expect(studio.locator(".tile .name").first).to_have_text(names[0])
    studio.locator("[data-link]").first.focus()
    studio.keyboard.press("End")
    expect(studio.locator(".tile a:focus")).to_contain_text("103.jpg")
    for _ in range(3):
        studio.keyboard.press("ArrowLeft")
    expect(studio.locator(".tile a:focus")).to_contain_text("100.jpg")
    with studio.expect_response("**/images") as arranged:
        studio.keyboard.press("Alt+ArrowRight")
    assert arranged.value.ok
    expect(studio.get_by_text("100.jpg is now number 101 of 103")).to_be_attached()
    expect(studio.locator(".tile a:focus")).to_contain_text("100.jpg")
    assert order(ada, album) == [*names[:99], names[100]]

    context = browser.new_context()
    stranger = context.new_page()
    stranger.goto(f"{ada.server.url}/#/shared/{album['id']}/{album['shareToken']}")
    expect(stranger.locator("h1 .count")).to_have_text("103")
    stranger.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(stranger.get_by_role("link", name="103.jpg")).to_be_visible()
    context.close()
