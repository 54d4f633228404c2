"""Point 3: tiers with prices, sizes and times; several at once; the queue; cancelling; failing."""

import re
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, Request, expect

from browsing import UNLIMITED, NewPerson, Person, as_file, sign_in, upload
from eventually import eventually
from running import serving


def open_the_picture(page: Page) -> None:
    """Upload one, and look at it once its first version is there."""
    upload(page)
    page.locator(".tile a").first.click()
    page.locator(".version[data-status=COMPLETED]").wait_for()


def tier(page: Page, name: str) -> str:
    """Return what the picker says of a tier."""
    return " ".join(page.locator(".tier", has=page.get_by_text(name, exact=True)).first.inner_text().split())


def choose(page: Page, *names: str) -> None:
    for name in names:
        page.locator(".tier:has([type=checkbox])", has=page.get_by_text(name, exact=True)).locator("input").check()


def test_the_picker_tells_price_size_and_seconds_and_keeps_its_word(studio: Page, ada: Person) -> None:
    open_the_picture(studio)
    expect(studio.locator(".duration").first).not_to_be_empty()
    assert re.fullmatch(r"2K 2048 × 1362 ≈ \d+ s 5 tokens", tier(studio, "2K"))
    choose(studio, "2K")
    studio.get_by_role("button", name="Enhance, 5 tokens").click()
    expect(studio.locator(".version[data-status=COMPLETED]")).to_have_count(2)
    expect(studio.locator(".version.shown")).to_contain_text("2048 × 1362 px")
    assert ada.balance() == 93
    expect(studio.locator(".balance")).to_contain_text("93")


EXPECTED_SECONDS: Final = """async (jobs) => {
    const script = document.querySelector('script[type=module]').src;
    const { expectedSeconds, loadTiers, recordDuration } = await import(script.replace('main.js', 'tiers.js'));
    await loadTiers(); // the page may still be reading them
    for (const [id, imageId, tier, seconds] of jobs) {
        recordDuration({
            id, imageId, tier, status: 'COMPLETED',
            processingStartedAt: new Date(0).toISOString(),
            processingCompletedAt: new Date(1000 * seconds).toISOString(),
        });
    }
    return [
        expectedSeconds('TIER_2K', { imageId: 'a' }), expectedSeconds('TIER_4K', { imageId: 'a' }),
        expectedSeconds('TIER_2K', { imageId: 'new' }), expectedSeconds('TIER_1K', { imageId: 'b' }),
        expectedSeconds('TIER_1K', { fromPrompt: true }),
    ];
}"""


def test_expected_times_are_those_of_the_same_picture_else_of_all_and_less_for_less(page: Page, ada: Person) -> None:
    page.goto(ada.server.url)
    jobs = (
        ("job_enh_1", "a", "TIER_1K", 2),
        ("job_enh_2", "b", "TIER_2K", 30),
        ("job_enh_3", "c", "TIER_2K", 50),
        ("job_enh_4", "d", "TIER_2K", 40),
        ("job_gen_5", None, "TIER_1K", 7),
        ("job_enh_6", "b", "TIER_1K", 90),
    )
    assert page.evaluate(EXPECTED_SECONDS, jobs) == [8, 32, 40, 7.5, 7]


def test_the_details_tell_how_the_version_that_is_shown_was_made(studio: Page, ada: Person) -> None:
    open_the_picture(studio)
    choose(studio, "2K")
    studio.get_by_role("button", name="Enhance, 5 tokens").click()
    expect(studio.locator(".version[data-status=COMPLETED]")).to_have_count(2)
    [image] = ada.images()
    [made] = {job["method"] for job in ada.ask("GET", f"/api/images/{image['id']}")["image"]["jobs"]}
    studio.get_by_text("Details").click()
    expect(studio.locator(".method span")).to_have_text(made)


def test_several_tiers_are_asked_for_at_once_and_at_most_three(studio: Page, ada: Person) -> None:
    open_the_picture(studio)
    choose(studio, "Free", "1K", "4K")
    assert "Up to 3 at a time" in tier(studio, "2K")
    studio.get_by_role("button", name="Enhance, 12 tokens").click()
    expect(studio.locator(".version[data-status=COMPLETED]")).to_have_count(4)
    assert ada.balance() == 86


def test_what_the_wallet_cannot_pay_is_disabled_with_the_reason(page: Page, register: NewPerson) -> None:
    sign_in(page, register(9))
    open_the_picture(page)
    expect(page.locator(".tier [type=checkbox][value=TIER_4K]")).to_be_disabled()
    assert re.search(r"3 tokens short, next token in \d+:\d\d", tier(page, "4K"))
    choose(page, "2K")
    expect(page.locator(".tier [type=checkbox][value=FREE]")).to_be_enabled()
    choose(page, "1K")
    expect(page.locator(".balance")).to_contain_text("7")


def test_progress_is_waited_for_not_polled(studio: Page) -> None:
    open_the_picture(studio)
    asked: list[Request] = []
    studio.on("request", lambda request: asked.append(request) if "/api/" in request.url else None)
    choose(studio, "4K")
    studio.get_by_role("button", name="Enhance, 10 tokens").click()
    expect(studio.locator(".version[data-status=COMPLETED]")).to_have_count(2)
    looks = [request.url for request in asked if "/api/jobs/" in request.url and request.method == "GET"]
    assert looks
    assert all("?wait=" in url for url in looks)
    assert not [request for request in asked if "/api/images/img_" in request.url], "looks at images are counted"


def test_looking_again_at_a_picture_asks_with_its_etag(studio: Page) -> None:
    open_the_picture(studio)
    studio.get_by_role("link", name="Library").first.click()
    with studio.expect_response(re.compile("/api/images/img_")) as first:
        studio.locator(".tile a").first.click()
    assert first.value.request.headers["if-none-match"]

    def is_unchanged() -> bool:
        studio.get_by_role("link", name="Library").first.click()
        with studio.expect_response(re.compile("/api/images/img_")) as again:
            studio.locator(".tile a").first.click()
        return again.value.status == 304

    eventually("the picture hasn't changed, once its renditions are made", is_unchanged)
    expect(studio.locator(".version[data-status=COMPLETED]")).to_have_count(1)


def test_a_failed_job_says_why_and_that_the_tokens_are_back(studio: Page, ada: Person, folder: Path) -> None:
    open_the_picture(studio)
    (image,) = ada.images()
    (original,) = (folder / "objects").rglob(f"{image['id']}.*")
    original.unlink()
    choose(studio, "4K")
    studio.get_by_role("button", name="Enhance, 10 tokens").click()
    row = studio.locator(".version[data-status=REFUNDED]")
    expect(row).to_contain_text("Failed: ")
    expect(row).to_contain_text("10 tokens were refunded.")
    assert ada.balance() == 98
    expect(studio.locator(".balance")).to_contain_text("98")


def test_what_failed_of_a_selection_is_ordered_again_at_once(studio: Page, ada: Person, folder: Path) -> None:
    upload(studio, as_file("kept.jpg"), as_file("lost.jpg"))
    expect(studio.locator(".tile")).to_have_count(2)
    [lost] = [image["id"] for image in ada.images() if image["name"] == "lost.jpg"]
    (original,) = (folder / "objects" / "images").rglob(f"{lost}.*")
    original.unlink()
    for box in studio.locator(".select-box input").all():
        box.check()
    studio.get_by_role("toolbar", name="Selected pictures").get_by_role("button", name="Enhance").click()
    dialog = studio.get_by_role("dialog", name="Enhance 2 pictures")
    dialog.get_by_label("1K").check()
    dialog.get_by_role("button", name="Enhance").click()
    with studio.expect_request("**/api/images/batch-enhance") as again:
        studio.get_by_text("1 of 2 failed and cost nothing.").locator("..").get_by_role(
            "button", name="Retry all"
        ).click()
    ordered = again.value.post_data_json
    assert ordered is not None
    assert (ordered["imageIds"], ordered["tier"]) == ([lost], "TIER_1K")


def test_a_waiting_job_has_a_place_in_the_queue_and_is_cancelled(page: Page, tmp_path: Path) -> None:
    """No worker runs here, so jobs stay in the queue."""
    with serving(tmp_path / "var", **UNLIMITED, SPIKE_WORKER_THREADS="0") as server:
        owner = Person(server, server.token, "")
        sign_in(page, owner)
        upload(page, as_file())
        page.locator(".tile a").first.click()
        choose(page, "2K", "4K")
        page.get_by_role("button", name="Enhance, 15 tokens").click()
        expect(page.locator(".version")).to_have_count(3)
        expect(page.get_by_text("Next in the queue")).to_be_visible()
        expect(page.get_by_text("Number 3 in the queue")).to_be_visible()
        assert owner.balance() == 83
        page.get_by_role("button", name="Cancel 4K").click()
        expect(page.locator(".version[data-status=CANCELLED]")).to_contain_text("10 tokens were refunded.")
        expect(page.locator(".balance")).to_contain_text("93")
        assert owner.balance() == 93
        page.goto("about:blank")  # so that no request keeps the server from ending
