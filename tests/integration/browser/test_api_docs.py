"""`/docs` in a browser: it lists the operations, tries requests and shows them as curl lines, from our server alone."""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from browsing import Person, axe_violations, list_only, photo
from effort import IS_FULL, staggered
from running import Server
from spike_runtime import Spike

NESTED = {"nested-interactive"}  # an operation's summary holds a button to copy its path: Swagger UI's own structure
OPENED = frozenset({"getImage", "enhanceImage", "getBalance", "uploadImage"})
HIDE_ALIKE = """() => {
    const all = (selector, within = document) => [...within.querySelectorAll(selector)];
    const alike = all('.opblock.is-open').map((block) => all('tr.response', block));
    for (const some of [all('.opblock:not(.is-open)'), all('.model-container'), ...alike]) {
        some.slice(2).forEach((each) => { each.hidden = true; });
    }
}"""


@pytest.fixture(scope="module")
def ada(server: Server, installation: Spike) -> Person:
    return Person.register(server, installation, email="docs@example.org")


@pytest.fixture(scope="module")
def docs(browser: Browser, ada: Person) -> Iterator[Page]:
    """The page, with all operations."""
    with opened_docs(browser, ada) as page:
        yield page


@pytest.fixture(scope="module")
def short_docs(browser: Browser, ada: Person) -> Iterator[Page]:
    """The page, with the operations that tests open: each click takes a second of drawing where all are listed."""
    with opened_docs(browser, ada, only=frozenset() if IS_FULL else OPENED) as page:
        yield page


@contextmanager
def opened_docs(browser: Browser, ada: Person, *, only: AbstractSet[str] = frozenset()) -> Iterator[Page]:
    """Open the page, which takes seconds. Errors on its console, and violations of its policy, fail the last test."""
    page = browser.new_page()
    asked: list[str] = []
    errors: list[str] = []
    if only:
        list_only(page, only)
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{ada.server.url}/docs")
    expect(page.get_by_role("heading", name="Spike")).to_be_visible()
    yield page
    page.close()
    assert [url for url in asked if not url.startswith((ada.server.url, "data:", "blob:"))] == []
    assert errors == []


def authorize(page: Page, token: str) -> None:
    page.get_by_role("button", name="Authorize").first.click()
    page.get_by_label("auth-bearer-value").fill(token)
    page.get_by_role("button", name="Apply credentials").first.click()
    page.get_by_role("button", name="Close").last.click()


def opened(page: Page, operation: str) -> Locator:
    block = page.locator(f".opblock[id$='-{operation}']")
    block.locator(".opblock-summary-control").click()
    return block


def test_every_operation_is_listed(docs: Page, ada: Person) -> None:
    document = ada.ask("GET", "/openapi.json")
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    shown = docs.locator(".opblock:visible").evaluate_all("(blocks) => blocks.map((each) => each.id)")
    assert sorted(each.rpartition("-")[2] for each in shown) == sorted(ids)


def test_operations_are_opened_by_the_keyboard(short_docs: Page) -> None:
    balance = short_docs.locator(".opblock[id$='-getBalance']")
    balance.locator(".opblock-summary-control").focus()
    short_docs.keyboard.press("Enter")
    expect(balance.get_by_role("button", name="Execute")).to_be_visible()
    short_docs.keyboard.press("Enter")


@pytest.mark.parametrize(
    ("width_px", "scheme"), staggered([(360, "light"), (360, "dark"), (1280, "light"), (1280, "dark")], step=5)
)
def test_the_page_is_accessible_and_fits_the_window(
    short_docs: Page, scheme: Literal["light", "dark"], width_px: int
) -> None:
    """Of what is alike, such as responses and operations that aren't opened, `make test` looks at the first few."""
    docs = short_docs
    docs.emulate_media(color_scheme=scheme)
    docs.set_viewport_size({"width": width_px, "height": 900})
    opened(docs, "getImage")
    opened(docs, "enhanceImage")
    if not IS_FULL:
        docs.evaluate(HIDE_ALIKE)
    found = axe_violations(docs)
    serious = {
        each["id"]: [f"{node['html']}: {node['failureSummary']}" for node in each["nodes"]]
        for each in found
        if each["impact"] in {"serious", "critical"}
    }
    assert serious.keys() - NESTED == set(), serious
    assert docs.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    docs.locator("[hidden]").evaluate_all("(all) => all.forEach((each) => { each.hidden = false; })")
    for operation in ("getImage", "enhanceImage"):
        opened(docs, operation)  # closed again


def test_requests_are_tried_with_a_bearer_token_and_a_file(short_docs: Page, ada: Person) -> None:
    docs = short_docs
    authorize(docs, ada.token)
    block = opened(docs, "getBalance")
    block.get_by_role("button", name="Execute").click()
    live = block.locator(".live-responses-table")
    expect(live.locator(".response-col_status").last).to_have_text(re.compile("^200"))
    expect(live).to_contain_text('"balance": 100')
    expect(block.locator(".curl-command")).to_contain_text(f"Authorization: Bearer {ada.token}")
    block = opened(docs, "uploadImage")
    block.locator("input[type=file]").set_input_files(
        {"name": "chelsea.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    block.locator("tr[data-property-name=albumId] input[type=text]").fill("")  # Swagger UI makes up an id
    block.get_by_role("button", name="Execute").click()
    live = block.locator(".live-responses-table")
    expect(live.locator(".response-col_status").last).to_have_text(re.compile("^200"))
    assert [image["name"] for image in ada.images()] == ["chelsea.jpg"]
