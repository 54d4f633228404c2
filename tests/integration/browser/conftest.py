"""A browser and a server for all tests of a process, a person and a page for each test."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from browsing import UNLIMITED, NewPerson, Person, browsing, sign_in
from gates import with_engine
from nextauth_tokens import SECRET
from running import Server, serving
from spike_runtime import Settings, Spike, build

_counter = itertools.count(1)

PATIENCE_MS: Final = 60_000  # other tests run on the machine
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studio") / "var"


@pytest.fixture(scope="session")
def server(folder: Path, browser: Browser) -> Iterator[Server]:
    """Start only where there is a browser. Its results are real pictures of a quick engine."""
    assert browser.is_connected()
    set_ = {
        **UNLIMITED,
        **with_engine("quick"),
        "SPIKE_NEXTAUTH_SECRET": SECRET,
        "SPIKE_SIGN_UP": "open",
        "SPIKE_WEBHOOK_ALLOW": "127.0.0.1",
    }
    with serving(folder, **set_) as server:
        yield server


@pytest.fixture(scope="session")
def installation(server: Server, folder: Path) -> Iterator[Spike]:
    """Open the server's installation beside it."""
    assert server.url
    spike = build(Settings(data_dir=folder, upscaler="classical"))
    yield spike
    spike.close()


@pytest.fixture
def register(server: Server, installation: Spike) -> NewPerson:
    """Make people with so many tokens."""
    return lambda tokens: Person.register(server, installation, email=f"p{next(_counter)}@example.org", tokens=tokens)


@pytest.fixture
def ada(register: NewPerson) -> Person:
    return register(100)


@pytest.fixture(scope="session")
def profile(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """A profile whose cache all pages share, so that scripts are fetched and compiled once.

    Its first page stays open, and with it the process that all others use.
    """
    profile = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce", locale="en-GB")
    profile.set_default_timeout(PATIENCE_MS)
    profile.new_page().goto(f"{server.url}/healthz")
    yield profile
    profile.close()


@pytest.fixture
def page(profile: BrowserContext) -> Iterator[Page]:
    """A fresh browser window, without cookies, permissions and stored data of earlier ones.

    Whatever its scripts throw, or its policy refuses, fails the test.
    """
    page = profile.new_page()
    bugs: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # failed requests are logged there too, and many tests provoke them
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            bugs.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: bugs.append(str(error)))
    yield page
    devtools = profile.new_cdp_session(page)
    url = urlsplit(page.url)
    devtools.send("Storage.clearDataForOrigin", {"origin": f"{url.scheme}://{url.netloc}", "storageTypes": "all"})
    profile.clear_cookies()
    profile.clear_permissions()
    for each in profile.pages[1:]:
        each.close()
    assert bugs == []


@pytest.fixture
def studio(page: Page, ada: Person) -> Page:
    """The page, with Ada signed in."""
    sign_in(page, ada)
    return page
