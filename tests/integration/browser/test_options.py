"""Format, quality and strength of results are behind "More", and what is chosen is ordered."""

from playwright.sync_api import Page, expect

from browsing import Person, as_file, upload


def test_format_quality_and_strength_are_ordered_from_behind_more(studio: Page, ada: Person) -> None:
    upload(studio, as_file("cat.jpg"))
    studio.get_by_role("link", name="cat.jpg").click()
    form = studio.locator("form", has=studio.get_by_role("heading", name="Enhance"))
    form.get_by_label("2K").check()
    expect(form.get_by_label("Format")).to_be_hidden()
    form.get_by_text("More").click()
    form.get_by_label("Format").select_option("png")
    expect(form.get_by_label("Quality")).to_be_disabled()
    form.get_by_label("Format").select_option("webp")
    form.get_by_label("Quality").fill("80")
    form.get_by_label("Noise reduction").fill("10")
    with studio.expect_request("**/api/images/enhance") as ordered:
        form.get_by_role("button", name="Enhance").click()
    assert ordered.value.post_data_json == {
        "imageId": ada.images()[0]["id"],
        "tier": "TIER_2K",
        "format": "webp",
        "quality": 80,
        "strength": 10,
    }
    expect(studio.locator(".version[data-status=COMPLETED]")).to_have_count(2)
