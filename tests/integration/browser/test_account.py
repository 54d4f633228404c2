"""The page of the account: API keys with their rules, and signing out everywhere."""

import re

from playwright.sync_api import Page, expect

from browsing import Person


def test_a_key_is_created_with_rules_shown_once_and_revoked(studio: Page, ada: Person) -> None:
    studio.locator(".balance").click()
    studio.get_by_role("link", name="API keys and sessions").click()
    keys = studio.get_by_role("list", name="API keys").get_by_role("listitem")
    expect(keys).to_have_count(1)
    studio.get_by_role("button", name="Create an API key").click()
    studio.get_by_label("Name").fill("build server")
    studio.get_by_label("Change and delete images").uncheck()
    studio.get_by_label("Tokens per month").fill("50")
    studio.get_by_role("button", name="Create", exact=True).click()
    shown = studio.get_by_label("API key", exact=True)
    expect(shown).to_have_value(re.compile("^sk_live_"))
    secret = shown.input_value()
    studio.get_by_role("button", name="Done").click()
    expect(keys).to_have_count(2)
    expect(keys.first).to_contain_text("build server")
    expect(keys.first).to_contain_text("read, spend · 0 of 50 tokens spent this month")
    assert secret not in studio.content()
    assert ada.server.ask("GET", "/api/images", token=secret).status == 200
    assert ada.server.ask("POST", "/api/session", token=secret).json["code"] == "SESSION_REQUIRED"
    studio.get_by_role("button", name="Revoke build server").click()
    studio.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
    expect(keys).to_have_count(1)
    assert ada.server.ask("GET", "/api/images", token=secret).status == 401


def test_signing_out_everywhere_ends_all_sessions(studio: Page, ada: Person) -> None:
    studio.goto(f"{ada.server.url}/#/account")
    sessions = studio.get_by_role("list", name="Sessions").get_by_role("listitem")
    expect(sessions.filter(has_text="This session")).to_have_count(1)
    studio.get_by_role("button", name="Sign out everywhere").click()
    studio.get_by_role("dialog").get_by_role("button", name="Sign out everywhere").click()
    expect(studio.get_by_role("heading", name="See more detail in your pictures")).to_be_visible()
    assert studio.context.cookies() == []
    assert ada.server.ask("GET", "/api/images", token=ada.token).status == 401
