"""Point 4: the divider by pointer, touch and keys; the same zoom on both sides; download."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from browsing import Person, sign_in, upload
from pictures import decoded


@pytest.fixture
def stage(studio: Page) -> Page:
    """A picture with one version, open for comparison."""
    return put_on_stage(studio)


def put_on_stage(page: Page) -> Page:
    upload(page)
    page.locator(".print a").first.click()
    page.locator(".stage.split .tag.after").get_by_text("1K").wait_for()
    return page


def share(page: Page) -> int:
    return int(page.get_by_role("slider").get_attribute("aria-valuenow") or "-1")


def middle(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def transforms(page: Page) -> list[Any]:
    """Return the positions of both pictures."""
    lies: list[Any] = page.locator(".pane img").evaluate_all(
        """images => images.map((image) => getComputedStyle(image))
            .map((style) => [style.transform, style.width, style.height])"""
    )
    return lies


def test_a_pointer_moves_the_divider(stage: Page) -> None:
    x, y = middle(stage, ".divider")
    box = stage.locator(".view").bounding_box()
    assert box is not None
    stage.mouse.move(x, y)
    stage.mouse.down()
    stage.mouse.move(box["x"] + box["width"] / 4, y, steps=4)
    stage.mouse.up()
    assert share(stage) == pytest.approx(25, abs=2)
    clip = stage.locator(".pane.before").evaluate("pane => getComputedStyle(pane).clipPath")
    assert clip.startswith("inset(0px"), clip


def test_keys_move_the_divider_and_a_screen_reader_hears_it(stage: Page) -> None:
    slider = stage.get_by_role("slider", name="Divider between before and after")
    slider.focus()
    for key, expected in (("ArrowRight", 52), ("Shift+ArrowLeft", 42), ("Home", 0), ("End", 100), ("PageDown", 90)):
        stage.keyboard.press(key)
        assert share(stage) == expected, key
    assert slider.get_attribute("aria-valuetext") == "90 % before, 10 % after"


def test_a_finger_moves_the_divider_and_two_zoom(browser: Browser, ada: Person) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, reduced_motion="reduce"
    )
    page = context.new_page()
    sign_in(page, ada)
    put_on_stage(page)
    x, y = middle(page, ".view")
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


def test_both_pictures_zoom_and_move_as_one_down_to_the_pixels(stage: Page) -> None:
    acts: tuple[Callable[[], None], ...] = (
        lambda: stage.get_by_role("button", name="Pixels").click(),
        lambda: stage.get_by_role("button", name="Zoom in").click(),
        lambda: stage.locator(".view").press("ArrowDown"),
        lambda: stage.mouse.wheel(0, -600),
    )
    for act in acts:
        stage.mouse.move(*middle(stage, ".view"))
        lies = transforms(stage)
        act()
        stage.wait_for_function(
            "lies => JSON.stringify(lies) !== JSON.stringify([...document.querySelectorAll('.pane img')]"
            ".map((image) => getComputedStyle(image)).map((style) => [style.transform, style.width, style.height]))",
            arg=lies,
        )
        after, before = transforms(stage)
        assert after == before
    stage.get_by_role("button", name="Pixels").click()
    expect(stage.locator(".zoom")).to_have_text("100 %")
    assert transforms(stage)[0][1:] == ["1024px", "681px"]
    for _step in range(4):
        stage.get_by_role("button", name="Zoom in").click()
    expect(stage.locator(".stage.pixels")).to_be_visible()
    stage.locator(".view").press("0")
    expect(stage.locator(".stage.zoomed")).to_have_count(0)


def test_a_zoomed_picture_is_dragged_and_the_divider_stays(stage: Page) -> None:
    stage.get_by_role("button", name="Zoom in").click(click_count=6, delay=20)
    for _step in range(5):
        stage.get_by_role("button", name="Zoom in").click()
    box = stage.locator(".view").bounding_box()
    assert box is not None
    lies = transforms(stage)
    stage.mouse.move(box["x"] + 100, box["y"] + 200)
    stage.mouse.down()
    stage.mouse.move(box["x"] + 160, box["y"] + 240, steps=3)
    stage.mouse.up()
    assert transforms(stage) != lies
    assert share(stage) == 50


def test_side_by_side_shows_the_same_part_twice(stage: Page) -> None:
    stage.get_by_role("button", name="Side by side").click()
    expect(stage.get_by_role("slider")).to_be_hidden()
    stage.get_by_role("button", name="Zoom in").click()
    after, before = transforms(stage)
    assert after == before
    boxes = [stage.locator(f".pane.{name}").bounding_box() for name in ("before", "after")]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["width"] == pytest.approx(boxes[1]["width"], abs=2)


def test_the_version_that_is_shown_is_downloaded(stage: Page) -> None:
    with stage.expect_download() as download:
        stage.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "chelsea 1K.jpg"
    assert decoded(download.value.path().read_bytes()).size == (1024, 681)
