"""A library of 10,000 pictures: it scrolls with few elements, is searched, selected, left and found again."""

import re
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from browsing import Person, as_file, axe_violations, sign_in, upload
from effort import long
from eventually import eventually
from large_library import PLACES, multiply, name_of
from multipart import CONTENT_TYPE, a_form, a_part
from running import Server
from spike_runtime import Spike

COUNT: Final = 10_000  # pictures, one of which is uploaded
OF_ONE_PLACE: Final = COUNT // len(PLACES)
OLDEST: Final = name_of(COUNT - 2)
ELEMENTS_MAX: Final = 700  # of the whole page
TILES_MADE_MAX: Final = 12  # while one scrolls: rows differ in how many they have
REQUESTS_MAX: Final = 60  # of the first view, without the studio's own files
UNDO_MS: Final = 10_000


@pytest.fixture(scope="session")
def large(server: Server, folder: Path, installation: Spike) -> Person:
    """A person with 10,000 pictures, all of them in one album."""
    person = Person.register(server, installation, email="large@example.org")
    album = person.ask("POST", "/api/albums", {"name": "All", "autoEnhance": False, "privacy": "UNLISTED"})["album"]
    form = a_form(a_part("albumId", album["id"].encode()), a_part("file", as_file()["buffer"], filename="chelsea.jpg"))
    answer = server.ask("POST", "/api/images/upload", token=person.token, body=form, content_type=CONTENT_TYPE)
    assert answer.status == 200, answer.content
    eventually("a thumbnail", lambda: person.images()[0]["thumbnailUrl"])
    multiply(folder, answer.json["image"]["id"], COUNT - 1)
    return person


@pytest.fixture
def library(page: Page, large: Person) -> Page:
    """The library, signed in, all of it laid out."""
    sign_in(page, large)
    expect(page.locator("h1 .count")).to_have_text(str(COUNT))
    return page


def elements(page: Page) -> int:
    count: int = page.evaluate("document.querySelectorAll('*').length")
    return count


def scroll_to(page: Page, share: float) -> None:
    """Scroll to this share of the page's height, and wait for the pictures there."""
    page.evaluate("share => scrollTo(0, share * (document.documentElement.scrollHeight - innerHeight))", share)
    page.wait_for_function(
        """() => {
            const inWindow = [...document.querySelectorAll('.tile')].filter((tile) => {
                const {top, bottom} = tile.getBoundingClientRect();
                return bottom > 0 && top < innerHeight;
            });
            return inWindow.length > 0 && inWindow.every((tile) => tile.classList.contains('loaded'));
        }"""
    )


def shown_wrongly(page: Page) -> Any:
    """Return the ids of tiles that show another picture than theirs: they show one after another."""
    return page.evaluate(
        """() => [...document.querySelectorAll('.tile.loaded')].filter((tile) =>
            !tile.querySelector('img').currentSrc.includes(tile.dataset.id.replace('img_', ''))
            || !tile.querySelector('a').href.includes(tile.dataset.id)
            || tile.querySelector('a').getAttribute('aria-label') !== tile.querySelector('.name').textContent
        ).map((tile) => tile.dataset.id)"""
    )


def test_anywhere_in_ten_thousand_pictures_the_page_has_few_elements_and_asks_for_what_it_shows(library: Page) -> None:
    asked: list[str] = []
    library.on("request", lambda request: asked.append(request.url))
    most = elements(library)
    for share in (0.25, 0.5, 1.0):
        asked.clear()
        scroll_to(library, share)
        most = max(most, elements(library))
        assert len(asked) <= REQUESTS_MAX
        assert shown_wrongly(library) == []
    assert most <= ELEMENTS_MAX
    expect(library.get_by_role("link", name=OLDEST)).to_be_visible()


def test_an_album_of_ten_thousand_pictures_has_few_elements_for_its_owner_and_for_strangers(
    page: Page, large: Person, browser: Browser
) -> None:
    [album] = large.ask("GET", "/api/albums")["albums"]
    sign_in(page, large)
    page.goto(f"{large.server.url}/#/albums/{album['id']}")
    expect(page.locator("h1 .count")).to_have_text(str(COUNT))
    stranger = browser.new_page(viewport={"width": 360, "height": 740})
    stranger.goto(f"{large.server.url}/share/albums/{album['id']}?shareToken={album['shareToken']}")
    expect(stranger.locator("h1 .count")).to_have_text(str(COUNT))
    for each in (page, stranger):
        expect(each.get_by_role("grid")).not_to_have_attribute("aria-rowcount", "-1")
        scroll_to(each, 1.0)
        expect(each.get_by_role("link", name=OLDEST)).to_be_visible()
        assert elements(each) <= ELEMENTS_MAX
    stranger.close()


def test_a_frame_of_scrolling_moves_few_rows_whose_elements_stay_the_same_in_the_order_of_the_page(
    library: Page,
) -> None:
    """Counts instead of seconds: rows that are moved per frame, and tiles that were made while scrolling."""
    moved, made, order = library.evaluate(
        """async () => {
            const moved = [];
            let count = 0;
            scrollTo(0, 3000);
            for (let frame = 0; frame < 4; frame++) await new Promise(requestAnimationFrame);
            const before = new Set(document.querySelectorAll('.tile'));
            const observer = new MutationObserver((records) => {
                for (const {addedNodes} of records) count += addedNodes.length;
            });
            observer.observe(document.querySelector('[role=grid]'), {childList: true});
            for (let frame = 0; frame < 60; frame++) {
                scrollBy(0, 60);
                await new Promise(requestAnimationFrame);
                await new Promise(requestAnimationFrame);
                moved.push(count);
                count = 0;
            }
            observer.disconnect();
            const made = [...document.querySelectorAll('.tile')].filter((tile) => !before.has(tile)).length;
            const rows = [...document.querySelectorAll('[role=row]')].map((row) => Number(row.ariaRowIndex));
            return [moved, made, rows];
        }"""
    )
    assert max(moved) <= 4
    assert 0 < sum(moved) <= 60
    assert made <= TILES_MADE_MAX
    assert order == sorted(order)
    assert shown_wrongly(library) == []


def test_pictures_are_found_by_name_state_and_order_and_a_link_finds_them_again(library: Page) -> None:
    library.get_by_label("Search by name").fill("HARBOR 0004")
    expect(library.locator("h1 .count")).to_have_text("2")
    expect(library.get_by_role("link", name="Harbor 00042.jpg")).to_be_visible()
    library.get_by_label("Search by name").fill("harbor")
    expect(library.locator("h1 .count")).to_have_text(str(OF_ONE_PLACE))
    library.get_by_label("Order").select_option("By name")
    expect(library.get_by_role("gridcell").first.get_by_role("link")).to_have_accessible_name("Harbor 00002.jpg")
    library.get_by_label("State").select_option("Enhanced")
    expect(library.get_by_role("heading", name="Nothing found")).to_be_visible()
    library.get_by_label("State").select_option("Not enhanced")
    expect(library.locator("h1 .count")).to_have_text(str(OF_ONE_PLACE))
    library.reload()
    expect(library.locator("h1 .count")).to_have_text(str(OF_ONE_PLACE))
    expect(library.get_by_label("Order")).to_have_value("name")
    expect(library.get_by_label("Search by name")).to_have_value("harbor")


def test_back_returns_to_the_place_and_the_picture_that_was_opened(library: Page) -> None:
    scroll_to(library, 0.5)
    name = library.evaluate("document.elementFromPoint(600, 450).closest('.tile').querySelector('a').ariaLabel")
    at = library.evaluate("scrollY")
    library.mouse.click(600, 450)
    expect(library.get_by_role("heading", name=str(name))).to_be_visible()
    library.go_back()
    expect(library.get_by_role("link", name=str(name))).to_be_focused()
    assert abs(library.evaluate("scrollY") - at) < 5
    library.reload()
    expect(library.get_by_role("link", name=str(name))).to_be_visible()


def test_an_undone_deletion_another_window_and_a_filter_on_its_way_keep_what_is_shown(library: Page) -> None:
    scroll_to(library, 0.5)
    tile = library.evaluate_handle("document.elementFromPoint(600, 450).closest('.tile')")
    id_ = library.evaluate("tile => tile.dataset.id", tile)
    mine = library.locator(f"[data-id={id_}]")
    mine.locator("input").check()
    library.keyboard.press("Shift+ArrowRight")
    library.keyboard.press("Shift+ArrowRight")
    library.keyboard.press("Shift+ArrowLeft")
    bar = library.get_by_role("toolbar", name="Selected pictures")
    expect(bar).to_contain_text("2 selected")
    at = library.evaluate("scrollY")
    bar.get_by_role("button", name="Delete").click()
    expect(mine).to_have_count(0)
    library.get_by_role("button", name="Undo").click()
    expect(mine).to_be_in_viewport()
    expect(library.locator("[data-link]:focus")).to_have_count(1)
    assert library.evaluate("scrollY") == at
    size = library.viewport_size
    assert size is not None
    for width in (700, 360, 900, size["width"]):  # each time the rows begin with other pictures
        library.set_viewport_size({"width": width, "height": size["height"]})
        expect(mine).to_be_in_viewport()
    library.set_viewport_size({**size, "height": 3 * size["height"]})
    scroll_to(library, 0.5)
    held: list[Route] = []
    library.route("**/api/images/layout?*", lambda route: held.append(route))  # noqa: PLW0108  # not for a method of C
    with library.expect_request("**/api/images/layout?*"):
        library.get_by_label("Search by name").fill("harbor")
    library.locator(".select-box input").nth(9).check()
    expect(bar).to_contain_text("1 selected")
    held[0].continue_()
    library.unroute("**/api/images/layout?*")
    expect(library.locator("h1 .count")).to_have_text(str(OF_ONE_PLACE))
    library.set_viewport_size(size)


def test_ranges_all_and_days_are_selected_and_enhancing_says_price_and_time(library: Page) -> None:
    boxes = library.locator(".select-box input")
    boxes.nth(0).check()
    boxes.nth(4).click(modifiers=["Shift"])
    bar = library.get_by_role("toolbar", name="Selected pictures")
    expect(bar).to_contain_text("5 selected")
    bar.get_by_role("button", name="Enhance").click()
    dialog = library.get_by_role("dialog", name="Enhance 5 pictures")
    dialog.get_by_label("1K").check()
    expect(dialog.get_by_role("status")).to_contain_text("5 pictures: 10 tokens of 100")
    expect(dialog).to_contain_text(re.compile("Smaller than [1-5] of 5 originals"))
    expect(dialog).to_contain_text("The smallest that enlarges")
    dialog.get_by_role("button", name="Cancel").click()
    expect(bar.get_by_role("button", name="Enhance")).to_be_focused()
    bar.get_by_role("button", name="Done").click()
    expect(library.locator("[data-link]:focus")).to_have_count(1)
    library.get_by_role("button", name="Select", exact=True).click()
    library.get_by_role("dialog").get_by_role("button", name="Select").click()
    expect(bar).to_contain_text(f"{COUNT} selected")
    bar.get_by_role("button", name="Done").click()
    library.get_by_role("button", name="Select", exact=True).click()
    chosen = library.get_by_role("dialog")
    day = library.evaluate("new Date(Date.now() - 50 * 86400000).toLocaleDateString('sv')")
    chosen.get_by_label("From").fill(day)
    chosen.get_by_label("To").fill(day)
    chosen.get_by_role("button", name="Select").click()
    expect(bar).to_contain_text(re.compile(r"^[34] selected"))


def test_the_keyboard_reaches_selects_and_opens_every_picture(library: Page) -> None:
    """One stop of the Tab key; arrows go on from there, also to rows that weren't elements."""
    library.get_by_role("button", name="Select", exact=True).focus()
    library.keyboard.press("Tab")
    first = library.locator("[data-link]").first
    expect(first).to_be_focused()
    library.keyboard.press("ArrowRight")
    library.keyboard.press("Shift+ArrowRight")
    bar = library.get_by_role("toolbar", name="Selected pictures")
    expect(bar).to_contain_text("2 selected")
    library.keyboard.press("ArrowDown")
    library.keyboard.press("Space")
    expect(bar).to_contain_text("3 selected")
    library.keyboard.press("End")
    expect(library.get_by_role("link", name=OLDEST)).to_be_focused()
    library.keyboard.press("PageUp")
    library.keyboard.press("Control+a")
    expect(bar).to_contain_text(f"{COUNT} selected")
    library.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    name = library.evaluate("document.activeElement.getAttribute('aria-label')")
    library.keyboard.press("Enter")
    expect(library.get_by_role("heading", name=name)).to_be_focused()


@long(kept_by="tests/integration/browser/test_manners.py::test_axe_finds_nothing_and_no_page_is_wider_than_the_window")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_360_pixels(browser: Browser, large: Person, scheme: Literal["light", "dark"]) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 740},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page = context.new_page()
    sign_in(page, large)
    expect(page.locator("h1 .count")).to_have_text(str(COUNT))
    scroll_to(page, 0.3)
    page.locator(".select-box input").first.check()
    found = axe_violations(page)
    assert [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]] == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    context.close()


def test_deletion_can_be_undone_and_closing_the_page_deletes_nothing(studio: Page, ada: Person) -> None:
    upload(studio, as_file("one.jpg"), as_file("two.jpg"))
    studio.clock.install()
    boxes = studio.locator(".select-box input")

    def delete_one() -> None:
        boxes.first.check()
        studio.get_by_role("button", name="Delete").click()
        expect(studio.locator(".tile")).to_have_count(1)
        expect(studio.locator(".tile [data-link]")).to_be_focused()

    delete_one()
    studio.get_by_role("button", name="Undo").click()
    expect(studio.locator(".tile")).to_have_count(2)
    delete_one()
    studio.reload()
    expect(studio.locator(".tile")).to_have_count(2)
    assert len(ada.images()) == 2
    delete_one()
    studio.clock.run_for(UNDO_MS + 1000)
    expect(studio.get_by_text("One picture deleted")).to_be_visible()
    assert len(ada.images()) == 1
