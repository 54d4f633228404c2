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


def test_a_webhook_is_added_and_tested_and_says_why_it_is_disabled(studio: Page, ada: Person) -> None:
    """Its receiver doesn't answer."""
    url = "http://127.0.0.1:9/hook"
    studio.goto(f"{ada.server.url}/#/account")
    studio.get_by_role("button", name="Add a webhook").click()
    studio.get_by_label("URL").fill(url)
    studio.get_by_role("button", name="Add", exact=True).click()
    shown = studio.get_by_label("Secret", exact=True)
    expect(shown).to_have_value(re.compile("^whsec_"))
    secret = shown.input_value()
    studio.get_by_role("button", name="Done").click()
    webhook = studio.get_by_role("list", name="Webhooks").get_by_role("listitem")
    expect(webhook).to_contain_text(url)
    assert secret not in studio.content()
    webhook.get_by_role("button", name="New secret").click()
    studio.get_by_role("button", name="Make a new secret").click()
    expect(shown).to_have_value(re.compile("^whsec_"))
    assert shown.input_value() != secret
    studio.get_by_role("button", name="Done").click()
    webhook.get_by_role("button", name="Test").click()
    expect(studio.get_by_text("A test is on its way")).to_be_visible()
    webhook.get_by_role("button", name="Deliveries").click()
    deliveries = studio.get_by_role("list", name="Deliveries").get_by_role("listitem")
    expect(deliveries).to_contain_text("webhook.test")
    deliveries.get_by_role("button", name="Send webhook.test again").click()
    studio.get_by_role("button", name="Done").click()
    [listed] = ada.server.ask("GET", "/api/settings/webhooks", token=ada.token).json["webhooks"]
    path = f"/api/settings/webhooks/{listed['id']}"
    body, kind = b'{"enabled": false}', "application/json"
    assert ada.server.ask("PATCH", path, token=ada.token, body=body, content_type=kind).status == 200
    studio.reload()
    expect(webhook.get_by_role("note")).to_contain_text("you have disabled it. Nothing is sent.")
    webhook.get_by_role("button", name="Enable").click()
    expect(webhook.get_by_role("button", name="Test")).to_be_visible()
    webhook.get_by_role("button", name="Delete").click()
    studio.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(webhook).to_have_count(0)


def test_signing_out_everywhere_ends_all_sessions(studio: Page, ada: Person) -> None:
    studio.goto(f"{ada.server.url}/#/account")
    sessions = studio.get_by_role("list", name="Sessions").get_by_role("listitem")
    expect(sessions.filter(has_text="This session")).to_have_count(1)
    studio.get_by_role("button", name="Sign out everywhere").click()
    studio.get_by_role("dialog").get_by_role("button", name="Sign out everywhere").click()
    expect(studio.get_by_role("heading", name="See more detail in your pictures")).to_be_visible()
    assert studio.context.cookies() == []
    assert ada.server.ask("GET", "/api/images", token=ada.token).status == 401
