"""The studio below a path of another site, `SPIKE_PUBLIC_URL=http://…/spike`: it requests nothing outside that path."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from browsing import UNLIMITED, list_only, upload
from effort import long
from running import serving_on
from servers.processes import free_port

COOKIE = "next-auth.session-token"


@long(
    kept_by="tests/integration/browser/test_mounted.py::test_the_mounted_studio_enhances_a_picture_and_asks_for_nothing_outside"
)
def test_nothing_is_asked_for_outside_of_the_path(page: Page, tmp_path: Path) -> None:
    port = free_port()
    below = f"http://127.0.0.1:{port}/spike/"
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    with serving_on(port, tmp_path / "var", {**UNLIMITED, "SPIKE_PUBLIC_URL": below}) as server:
        link = re.search(r"Sign in: (\S+)", server.greeting)
        assert link is not None
        assert link[1].startswith(f"{below}#token=")
        page.goto(link[1])
        expect(page.get_by_role("heading", name="Library")).to_be_visible()
        (cookie,) = page.context.cookies()
        assert (cookie["name"], cookie["path"]) == (COOKIE, "/spike")
        upload(page)
        page.locator(".tile a").first.click()
        expect(page.locator(".compare img").first).to_be_visible()
        album = server.ask(
            "POST",
            "/api/albums",
            token=server.token,
            body=b'{"name": "Holidays", "privacy": "PUBLIC"}',
            content_type="application/json",
        ).json["album"]
        page.goto(f"{below}#/albums/{album['id']}")
        page.get_by_role("button", name="Copy link").click()
        expect(page.get_by_text("Link copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == f"{below}share/albums/{album['id']}"
        list_only(page, {"getImage"})
        page.goto(f"{below}docs")
        expect(page.get_by_role("link", name="/openapi.json")).to_have_attribute("href", "/spike/openapi.json")
        expect(page.locator(".opblock").first).to_be_visible()
        page.goto(below.rstrip("/"))
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="See more detail in your pictures")).to_be_visible()
        assert page.context.cookies() == []
    own = {url for url in asked if not url.startswith(("data:", "blob:"))}
    assert {url for url in own if not (url + "/").startswith(below)} == set()
    assert any(url.startswith(f"{below}files/") for url in own)
