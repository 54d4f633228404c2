"""Point 4: the divider by pointer, touch and keys; zoom that is the same on both sides; download."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from browsing import Person, photo, sign_in
from multipart import CONTENT_TYPE, an_upload
from pictures import decoded
from running import Server
from spike_runtime import Spike


@pytest.fixture(scope="module")
def owner(server: Server, installation: Spike) -> Person:
    """A person with a picture and its version, which no test changes."""
    person = Person.register(server, installation, email="comparing@example.org")
    body = an_upload(photo())
    answer = server.ask("POST", "/api/images/upload", token=person.token, body=body, content_type=CONTENT_TYPE).json
    server.wait_for_job(answer["image"]["id"], answer["enhancement"]["jobId"], token=person.token)
    return person


@pytest.fixture
def comparison(page: Page, owner: Person) -> Page:
    """The page of a picture with one version."""
    return open_comparison(page, owner)


def open_comparison(page: Page, owner: Person) -> Page:
    sign_in(page, owner)
    page.locator(".tile a").first.click()
    page.locator(".compare.split .tag.after").get_by_text("1K").wait_for()
    return page


def share(page: Page) -> int:
    return int(page.get_by_role("slider").get_attribute("aria-valuenow") or "-1")


def middle(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def transforms(page: Page) -> list[Any]:
    """Return the placements of both pictures."""
    placements: list[Any] = page.locator(".pane img").evaluate_all(
        """images => images.map((image) => getComputedStyle(image))
            .map((style) => [style.transform, style.width, style.height])"""
    )
    return placements


def test_a_pointer_moves_the_divider(comparison: Page) -> None:
    x, y = middle(comparison, ".divider")
    box = comparison.locator(".viewport").bounding_box()
    assert box is not None
    comparison.mouse.move(x, y)
    comparison.mouse.down()
    comparison.mouse.move(box["x"] + box["width"] / 4, y, steps=4)
    comparison.mouse.up()
    assert share(comparison) == pytest.approx(25, abs=2)
    clip = comparison.locator(".pane.before").evaluate("pane => getComputedStyle(pane).clipPath")
    assert clip.startswith("inset(0px"), clip


def test_keys_move_the_divider_and_a_screen_reader_hears_it(comparison: Page) -> None:
    slider = comparison.get_by_role("slider", name="Divider between before and after")
    slider.focus()
    for key, expected in (("ArrowRight", 52), ("Shift+ArrowLeft", 42), ("Home", 0), ("End", 100), ("PageDown", 90)):
        comparison.keyboard.press(key)
        assert share(comparison) == expected, key
    assert slider.get_attribute("aria-valuetext") == "90 % before, 10 % after"


def test_a_finger_moves_the_divider_and_two_zoom(browser: Browser, owner: Person) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, reduced_motion="reduce"
    )
    page = context.new_page()
    open_comparison(page, owner)
    x, y = middle(page, ".viewport")
    devtools = context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": at[0], "y": at[1], "id": number} for number, at in enumerate(points)]
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    touch("touchStart", (x, y))
    for step in range(1, 9):
        touch("touchMove", (x + step * 10, y))
    touch("touchEnd")
    assert share(page) == pytest.approx(50 + 100 * 80 / 360, abs=4)
    before = page.locator(".zoom").inner_text()
    touch("touchStart", (x - 20, y), (x + 20, y))
    for step in range(1, 6):
        touch("touchMove", (x - 20 - step * 10, y), (x + 20 + step * 10, y))
    touch("touchEnd")
    assert int(page.locator(".zoom").inner_text().split()[0]) > 2 * int(before.split()[0])
    context.close()


def test_both_pictures_zoom_and_move_as_one_down_to_the_pixels(comparison: Page) -> None:
    acts: tuple[Callable[[], None], ...] = (
        lambda: comparison.get_by_role("button", name="Pixels").click(),
        lambda: comparison.get_by_role("button", name="Zoom in").click(),
        lambda: comparison.locator(".viewport").press("ArrowDown"),
        lambda: comparison.mouse.wheel(0, -600),
    )
    for act in acts:
        comparison.mouse.move(*middle(comparison, ".viewport"))
        placements = transforms(comparison)
        act()
        comparison.wait_for_function(
            "placements => JSON.stringify(placements) !== JSON.stringify([...document.querySelectorAll('.pane img')]"
            ".map((image) => getComputedStyle(image)).map((style) => [style.transform, style.width, style.height]))",
            arg=placements,
        )
        after, before = transforms(comparison)
        assert after == before
    comparison.get_by_role("button", name="Pixels").click()
    expect(comparison.locator(".zoom")).to_have_text("100 %")
    assert transforms(comparison)[0][1:] == ["1024px", "681px"]
    for _step in range(4):
        comparison.get_by_role("button", name="Zoom in").click()
    expect(comparison.locator(".compare.pixels")).to_be_visible()
    comparison.locator(".viewport").press("0")
    expect(comparison.locator(".compare.zoomed")).to_have_count(0)


def test_a_zoomed_picture_is_dragged_and_the_divider_stays(comparison: Page) -> None:
    comparison.get_by_role("button", name="Zoom in").click(click_count=6, delay=20)
    for _step in range(5):
        comparison.get_by_role("button", name="Zoom in").click()
    box = comparison.locator(".viewport").bounding_box()
    assert box is not None
    placements = transforms(comparison)
    comparison.mouse.move(box["x"] + 100, box["y"] + 200)
    comparison.mouse.down()
    comparison.mouse.move(box["x"] + 160, box["y"] + 240, steps=3)
    comparison.mouse.up()
    assert transforms(comparison) != placements
    assert share(comparison) == 50


def test_side_by_side_shows_the_same_part_twice(comparison: Page) -> None:
    comparison.get_by_role("button", name="Side by side").click()
    expect(comparison.get_by_role("slider")).to_be_hidden()
    comparison.get_by_role("button", name="Zoom in").click()
    after, before = transforms(comparison)
    assert after == before
    boxes = [comparison.locator(f".pane.{name}").bounding_box() for name in ("before", "after")]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["width"] == pytest.approx(boxes[1]["width"], abs=2)


def test_the_version_that_is_shown_is_downloaded(comparison: Page) -> None:
    with comparison.expect_download() as download:
        comparison.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "photo 1K.jpg"
    assert decoded(download.value.path().read_bytes()).size == (1024, 681)


def test_urls_are_renewed_before_they_end(page: Page, owner: Person) -> None:
    page.clock.install()
    open_comparison(page, owner)
    download = page.get_by_role("link", name="Download")
    asked: list[Any] = []

    def renew(route: Route) -> None:
        asked.append(route.request.post_data_json)
        answer = route.fetch().json()
        for job in answer["jobs"]:
            job["enhancedUrl"] += "&renewed=1"
        route.fulfill(json=answer)

    page.route("**/api/images/links", renew)
    page.clock.fast_forward("00:50")
    assert asked == []
    with page.expect_request("**/api/images/links"):
        page.clock.fast_forward("24:00:00")
    expect(download).to_have_attribute("href", re.compile("renewed=1$"))
    [ids] = asked
    assert (len(ids["imageIds"]), len(ids["jobIds"])) == (1, 1)
