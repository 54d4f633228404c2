"""The system's Chromium, driven against a live server."""

import base64
import functools
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any, Final

from attrs import frozen
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, Route, sync_playwright

from missing import do_without
from pictures import encoded, photograph
from running import Answer, Server
from spike_core.domain.accounts import Email
from spike_core.domain.tokens import Tokens
from spike_runtime import Spike

HINT: Final = "the browser tests need Chromium: apt-get install chromium-headless-shell, or chromium"
# the first one has the same engine without a browser's windows, and takes half the processor time
PROGRAMS: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# a headless browser that sends requests to the tests' servers only
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--process-per-site",  # a new page of the studio needs no process of its own, and finds its scripts compiled
    "--force-color-profile=srgb",
)
# the tests ask more often than people do
UNLIMITED: Final[Mapping[str, str]] = {
    f"SPIKE_RATE_{name}": "0"
    for name in (
        "UPLOAD",
        "BATCH_UPLOAD",
        "ENHANCE",
        "PARALLEL_ENHANCE",
        "MOVE",
        "GET_IMAGE",
        "ANONYMOUS_UPLOAD",
        "ANONYMOUS_MIX",
        "GENERATE",
        "MODIFY",
    )
}


def chromium() -> str:
    """Return where Chromium is. Without it a test is skipped; in continuous integration it fails."""
    path = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if path is None:
        do_without(HINT)
    return path


@contextmanager
def browsing(program: str | None = None) -> Iterator[Browser]:
    """Start a browser, the first one that is installed or this one, and see to its end."""
    path = (program and shutil.which(program)) or chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@functools.cache
def photo(name: str = "chelsea.png", *, size: tuple[int, int] = (451, 300)) -> bytes:
    """Return a small photograph as JPEG."""
    return encoded(photograph(name, size=size))


def as_file(name: str = "chelsea.jpg", content: bytes | None = None, *, kind: str = "image/jpeg") -> Any:
    """Return a file as Playwright's file choosers take it."""
    return {"name": name, "mimeType": kind, "buffer": photo() if content is None else content}


@frozen
class Person:
    """A user with an account, and what they can do without a browser."""

    server: Server
    token: str
    api_key: str

    @classmethod
    def register(cls, server: Server, spike: Spike, *, email: str, tokens: int = 100) -> "Person":
        """Create an account beside the running server, as `spike users create` does in its own process."""
        made = spike.accounts.registration.register(Email(email), tokens=Tokens(tokens))
        return cls(server, made.session_token.text, made.api_key.text)

    @property
    def link(self) -> str:
        """The link that signs a browser in."""
        return f"{self.server.url}/#token={self.token}"

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Send a request, see it succeed, and return its answer."""
        answer: Answer = self.server.ask(
            method,
            path,
            token=self.token,
            body=None if body is None else json.dumps(body).encode(),
            content_type="" if body is None else "application/json",
        )
        assert answer.status < 300, answer.content
        return answer.json

    def images(self) -> list[Any]:
        """Return the images, newest first."""
        images: list[Any] = self.ask("GET", "/api/images")["images"]
        return images

    def balance(self) -> int:
        """Return what is in the wallet."""
        balance: int = self.ask("GET", "/api/tokens/balance")["balance"]
        return balance


RESPONSES_LISTED: Final = 2
NewPerson = Callable[[int], Person]  # with so many tokens


def list_only(page: Page, operations: AbstractSet[str]) -> None:
    """Have /docs list these operations alone, with two responses each: to draw all takes seconds of processor time."""

    def answer(route: Route) -> None:
        response = route.fetch()
        document = response.json()
        document["paths"] = {
            path: kept
            for path, item in document["paths"].items()
            if (kept := {method: each for method, each in item.items() if each["operationId"] in operations})
        }
        for item in document["paths"].values():
            for each in item.values():
                each["responses"] = dict(list(each["responses"].items())[:RESPONSES_LISTED])
        route.fulfill(response=response, json=document)

    page.route("**/openapi.json", answer)


def axe_violations(page: Page) -> list[Any]:
    """Return what axe finds. A document gets its script, half a megabyte, once; what has passed stays in the page."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[Any] = page.evaluate(
        "axe.run({resultTypes: ['violations']}).then(({violations}) => violations)",
    )
    return found


def sign_in(page: Page, person: Person) -> None:
    """Open the printed link and wait for the library."""
    page.goto(person.link)
    page.get_by_role("heading", name="Library").wait_for()


def upload(page: Page, *files: Any) -> None:
    """Choose files in the page and wait until they are uploaded."""
    page.locator("input[type=file]").first.set_input_files(list(files) or [as_file()])
    page.get_by_role("heading", name=re.compile(r"uploaded$")).wait_for()


def drop(page: Page, selector: str, *files: Any) -> None:
    """Drop files on an element, as from the desktop."""
    transfer = page.evaluate_handle(
        """async (files) => {
            const transfer = new DataTransfer();
            for (const file of files) {
                const bytes = Uint8Array.from(atob(file.base64), (letter) => letter.charCodeAt(0));
                transfer.items.add(new File([bytes], file.name, {type: file.mimeType}));
            }
            return transfer;
        }""",
        [_in_base64(file) for file in files],
    )
    page.dispatch_event(selector, "dragover", {"dataTransfer": transfer})
    page.dispatch_event(selector, "drop", {"dataTransfer": transfer})


def paste(page: Page, file: Any) -> None:
    """Paste a file into the page."""
    page.evaluate(
        """(file) => {
            const bytes = Uint8Array.from(atob(file.base64), (letter) => letter.charCodeAt(0));
            const clipboardData = new DataTransfer();
            clipboardData.items.add(new File([bytes], file.name, {type: file.mimeType}));
            document.dispatchEvent(new ClipboardEvent('paste', {clipboardData, bubbles: true}));
        }""",
        _in_base64(file),
    )


def _in_base64(file: Any) -> dict[str, str]:
    return {
        "name": file["name"],
        "mimeType": file["mimeType"],
        "base64": base64.b64encode(file["buffer"]).decode(),
    }
