"""Point 5: the balance, the countdown, and a history with reasons."""

import re

from playwright.sync_api import Page, expect

from browsing import Person, upload


def test_balance_countdown_and_sums_are_those_of_the_wallet(studio: Page, ada: Person) -> None:
    studio.locator(".balance").click()
    expect(studio.get_by_text("The wallet is full")).to_be_visible()
    studio.get_by_role("link", name="Library").click()
    upload(studio)
    studio.locator(".balance").click()
    expect(studio.locator(".ring")).to_have_text("98")
    clock = studio.locator(".next strong")
    expect(clock).to_have_text(re.compile(r"1[45]:\d\d"), timeout=60_000)  # once the job has ended
    earlier = clock.inner_text()
    expect(clock).not_to_have_text(earlier)
    spent = studio.locator(".totals div", has_text="Spent")
    expect(spent).to_contain_text("2")
    expect(studio.locator(".usage div", has_text="Images")).to_contain_text(re.compile(r"1 of 20.?000"))
    assert ada.balance() == 98


def test_each_entry_says_why_and_leads_to_its_job(studio: Page, ada: Person) -> None:
    upload(studio)
    (image,) = ada.images()
    made = ada.ask("POST", "/api/mcp/generate", {"prompt": "A lake at sunset", "tier": "TIER_1K"})
    ada.ask("POST", "/api/images/enhance", {"imageId": image["id"], "tier": "TIER_2K"})
    studio.goto(f"{ada.server.url}/#/tokens")
    entries = studio.locator(".ledger li")
    expect(entries).to_have_count(4)
    assert [" ".join(text.split()) for text in entries.locator("div:first-child > a").all_inner_texts()] == [
        "Enhancement at 2K",
        "Generation at 1K",
        "Enhancement at 1K",
    ]
    expect(entries.last).to_contain_text("Welcome")
    expect(entries.last).to_contain_text("+100")
    entries.first.get_by_role("link").click()
    expect(studio.get_by_role("heading", name="chelsea.jpg")).to_be_visible()
    studio.goto(f"{ada.server.url}/#/tokens")
    studio.get_by_role("link", name="Generation at 1K").click()
    studio.wait_for_url(f"**/#/creation/{made['jobId']}")
    expect(studio.get_by_role("heading", name="A lake at sunset")).to_be_visible()


def test_an_entry_of_a_deleted_picture_leads_to_words_not_to_nothing(studio: Page, ada: Person) -> None:
    upload(studio)
    (image,) = ada.images()
    ada.ask("DELETE", f"/api/images/{image['id']}")
    studio.goto(f"{ada.server.url}/#/tokens")
    studio.get_by_role("link", name="Enhancement at 1K").click()
    expect(studio.get_by_role("heading", name="This was deleted or never existed")).to_be_visible()
    expect(studio.get_by_text(re.compile("Request req_"))).to_be_visible()
