"""The studio mounted at `/spike` by another WSGI application, with workers beside it, from sign-in to result."""

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from browsing import upload
from spike_core.domain.accounts import Email
from spike_http import create_app
from spike_runtime import Settings, Spike, build
from spike_worker import working


def shop(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"the shop around it"]


@pytest.fixture
def spike(tmp_path: Path) -> Iterator[Spike]:
    settings = Settings(data_dir=tmp_path / "var", upscaler="classical", sandbox="off", worker_threads=1)
    spike = build(settings)
    spike.database.migrate()
    with working(spike):
        yield spike
    spike.close()


@pytest.fixture
def address(spike: Spike) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, DispatcherMiddleware(shop, {"/spike": create_app(spike)}), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/spike/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_mounted_studio_enhances_a_picture_and_asks_for_nothing_outside(
    page: Page, spike: Spike, address: str
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    token = spike.accounts.registration.register(Email.parse("ada@example.org")).session_token
    page.goto(f"{address}#token={token.text}")
    page.get_by_role("heading", name="Library").wait_for()
    (cookie,) = page.context.cookies()
    assert cookie["path"] == "/spike"
    upload(page)
    page.locator(".tile a").first.click()
    page.locator(".version[data-status=COMPLETED]").wait_for()
    page.locator(".tier:has([type=checkbox])", has=page.get_by_text("2K", exact=True)).locator("input").check()
    page.get_by_role("button", name="Enhance, 5 tokens").click()
    expect(page.locator(".version[data-status=COMPLETED]")).to_have_count(2)
    expect(page.locator(".version.shown")).to_contain_text("2048 × 1362 px")
    expect(page.locator(".compare img").first).to_be_visible()
    page.wait_for_function("[...document.querySelectorAll('.compare img')].every((each) => each.naturalWidth > 0)")
    own = [url for url in asked if not url.startswith(("data:", "blob:"))]
    assert [url for url in own if not url.startswith(address)] == []
    assert any(url.startswith(f"{address}files/enhanced/") for url in own)
