"""Point 7: blending by drag and drop, pictures generated and modified by a prompt."""

import re

import pytest
from playwright.sync_api import Page, expect

from browsing import Person, as_file, drop, photo, upload


@pytest.fixture
def two(studio: Page) -> Page:
    """A library of two pictures."""
    upload(studio, as_file("cat.jpg"), as_file("coffee.jpg", photo("coffee.png")))
    expect(studio.locator(".tile")).to_have_count(2)
    studio.get_by_role("button", name="Close the list of uploads").click()
    return studio


def blends(person: Person, name: str) -> list[str | None]:
    """Return the sources of a picture's blends."""
    image = next(image for image in person.images() if image["name"] == name)
    jobs = person.ask("GET", f"/api/images/{image['id']}")["image"]["jobs"]
    return [job["sourceImageId"] for job in jobs if job["isBlend"]]


def test_one_picture_dropped_on_another_blends_them(two: Page, ada: Person) -> None:
    cat = next(image for image in ada.images() if image["name"] == "cat.jpg")
    two.locator(".tile", has_text="cat.jpg").locator("a").drag_to(two.locator(".tile", has_text="coffee.jpg"))
    dialog = two.get_by_role("dialog")
    expect(dialog).to_contain_text("into coffee.jpg")
    dialog.get_by_label("1K").check()
    expect(dialog.get_by_role("status")).to_have_text(re.compile(r"^2 tokens of 96(, ≈ .+)?$"))
    dialog.get_by_role("button", name="Blend").click()
    two.get_by_role("link", name="View it in coffee.jpg").click()
    expect(two.locator(".version[data-status=COMPLETED]", has_text="Blend, 1K")).to_be_visible()
    assert blends(ada, "coffee.jpg") == [cat["id"]]
    assert ada.balance() == 94


def test_a_file_from_the_desktop_is_dropped_on_a_picture(two: Page, ada: Person) -> None:
    drop(two, ".tile:has-text('cat.jpg') a", as_file("rocket.jpg", photo("rocket.jpg")))
    two.get_by_role("dialog").get_by_role("button", name="Blend").click()
    expect(two.get_by_text("Blending started")).to_be_visible()
    assert blends(ada, "cat.jpg") == [None]
    assert len(ada.images()) == 2


def test_two_are_blended_without_dragging(two: Page, ada: Person) -> None:
    two.locator(".tile", has_text="cat.jpg").locator("a").click()
    two.get_by_role("button", name="Blend with another").click()
    two.get_by_role("dialog").get_by_alt_text("coffee.jpg").click()
    two.get_by_role("button", name="Continue").click()
    two.get_by_role("dialog").get_by_role("button", name="Blend").click()
    expect(two.locator(".version[data-status=COMPLETED]", has_text="Blend")).to_be_visible()
    assert len(blends(ada, "cat.jpg")) == 1


def test_a_picture_is_made_from_words(studio: Page, ada: Person) -> None:
    studio.get_by_role("link", name="Create").click()
    expect(studio.get_by_role("heading", name="Describe a picture")).to_be_visible()
    studio.get_by_label("Prompt", exact=True).fill("A lake in the mountains at sunset")
    studio.get_by_label("Negative prompt").fill("clouds")
    studio.get_by_label("16:9", exact=True).check(force=True)
    studio.get_by_label("2K").check()
    expect(studio.locator("form").get_by_role("status")).to_have_text("5 tokens of 100")
    studio.get_by_role("button", name="Create", exact=True).click()
    made = studio.get_by_alt_text("A lake in the mountains at sunset")
    made.wait_for()
    (job,) = ada.ask("GET", "/api/mcp/history")["jobs"]
    assert (job["tier"], job["outputWidth"], job["outputHeight"]) == ("TIER_2K", 2048, 1152)
    expect(studio.locator(".balance")).to_contain_text("95")
    made.click()
    expect(studio.locator(".tag.after")).to_contain_text("2048 × 1152")
    studio.get_by_role("button", name="Add to library").click()
    expect(studio.get_by_role("heading", name="Picture uploaded")).to_be_visible()
    assert [image["name"] for image in ada.images()] == ["A lake in the mountains at sunset.jpg"]


def test_a_made_picture_is_changed_by_a_sentence(studio: Page, ada: Person) -> None:
    made = ada.ask("POST", "/api/mcp/generate", {"prompt": "A forest", "tier": "TIER_1K"})
    ada.ask("GET", f"/api/jobs/{made['jobId']}?wait=20")
    studio.goto(f"{ada.server.url}/#/creation/{made['jobId']}")
    studio.get_by_text("Change with a prompt").click()
    studio.get_by_label("What should change?").fill("Make it night")
    studio.get_by_role("button", name="Change picture").click()
    expect(studio.get_by_alt_text("Make it night")).to_be_visible()
    studio.get_by_alt_text("Make it night").click()
    expect(studio.locator(".compare.split")).to_be_visible()


def test_an_image_is_changed_by_a_sentence_and_remembered(two: Page, ada: Person) -> None:
    two.locator(".tile", has_text="cat.jpg").locator("a").click()
    two.get_by_text("Change with a prompt").click()
    two.get_by_label("What should change?").fill("Sepia")
    expect(two.locator(".disclosure").get_by_role("status")).to_have_text("2 tokens of 96")
    two.get_by_role("button", name="Change picture").click()
    changed = two.locator(".version[data-status=COMPLETED]", has_text="Changed, 1K")
    expect(changed).to_be_visible()
    expect(two.locator(".tag.after")).to_contain_text("Changed, 1K")
    two.reload()
    expect(changed).to_be_visible()
    assert ada.balance() == 94


def test_a_blank_prompt_is_refused_in_the_servers_words(studio: Page) -> None:
    studio.get_by_role("link", name="Create").click()
    studio.get_by_label("Prompt", exact=True).fill("   ")
    studio.get_by_role("button", name="Create", exact=True).click()
    expect(studio.get_by_role("alert").filter(has_text="Request req_")).to_be_visible()
    expect(studio.get_by_role("button", name="Create", exact=True)).to_be_enabled()
