"""Point 1: the printed link, signing out, the visitor without an account, the ended session."""

import re
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, expect

from browsing import Person, as_file, drop, sign_in, upload
from nextauth_tokens import V5, a_token
from pictures import decoded
from running import PATIENCE_S, Server, run_spike

COOKIE = "next-auth.session-token"


def test_the_printed_link_signs_in_and_leaves_no_token_behind(page: Page, server: Server) -> None:
    match = re.search(r"Sign in: (\S+)", server.greeting)
    assert match is not None
    page.goto(match[1])
    expect(page.get_by_role("heading", name="Library")).to_be_visible()
    assert "#token" not in page.url
    assert page.evaluate("document.cookie") == "", "no script reads the session"
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (COOKIE, True, "Lax")
    assert cookie["value"] not in match[1], "the browser has a session of its own"
    page.go_back()
    assert "#token" not in page.url


def test_a_link_of_the_command_line_signs_in(page: Page, server: Server, folder: Path) -> None:
    made = run_spike("users", "link", "owner@localhost", "--url", server.url, folder=folder)
    page.goto(made.stdout.strip())
    expect(page.get_by_role("heading", name="Library")).to_be_visible()


def test_signing_out_ends_the_session_at_the_server(studio: Page, server: Server) -> None:
    (cookie,) = studio.context.cookies()
    studio.get_by_role("button", name="Sign out").click()
    expect(studio.get_by_role("heading", name="See more detail in your pictures")).to_be_visible()
    assert studio.context.cookies() == []
    assert server.ask("GET", "/api/tokens/balance", token=cookie["value"]).status == 401


def test_signing_out_leaves_the_link_good(studio: Page, ada: Person) -> None:
    studio.get_by_role("button", name="Sign out").click()
    studio.get_by_role("heading", name="See more detail in your pictures").wait_for()
    studio.goto("about:blank")
    sign_in(studio, ada)


# counts the listeners of the wallet that haven't been removed
COUNTING = """
window.walletListeners = 0;
const add = EventTarget.prototype.addEventListener;
EventTarget.prototype.addEventListener = function (type, listener, options) {
  if (type === 'wallet') {
    window.walletListeners += 1;
    options?.signal?.addEventListener('abort', () => { window.walletListeners -= 1; });
  }
  return add.call(this, type, listener, options);
};
"""


def test_signing_in_again_and_again_leaves_no_listeners(page: Page, ada: Person) -> None:
    page.add_init_script(COUNTING)
    sign_in(page, ada)
    listeners = page.evaluate("window.walletListeners")
    assert listeners > 0, "the header shows the balance"
    for _ in range(3):
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("heading", name="See more detail in your pictures").wait_for()
        page.evaluate("token => { location.hash = token; }", ada.link.rpartition("/")[2])
        page.get_by_role("heading", name="Library").wait_for()
    assert page.evaluate("window.walletListeners") == listeners


def test_a_bad_link_says_so_and_where_to_find_a_good_one(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/#token=nonsense")
    expect(page.get_by_text("This sign-in link is invalid or has expired")).to_be_visible()
    expect(page.get_by_text(re.compile("Request req_"))).to_be_visible()
    expect(page.get_by_text("spike users link you@example.org")).to_be_visible()
    assert "nonsense" not in page.url


def test_a_pasted_link_or_its_token_signs_in(page: Page, ada: Person) -> None:
    for secret in (ada.link, ada.token):
        page.goto(ada.server.url)
        page.get_by_label("Sign-in link").fill("wrong")
        page.locator("main").get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert").filter(has_text="invalid")).to_be_visible()
        page.get_by_label("Sign-in link").fill(secret)
        page.locator("main").get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Library")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("heading", name="See more detail in your pictures").wait_for()


def test_the_cookie_of_an_app_with_nextauth_opens_the_studio_and_signing_out_says_what_it_leaves(
    page: Page, server: Server
) -> None:
    claims = {"sub": "github:7", "email": "grace@example.org", "exp": time.time() + 600}
    page.context.add_cookies([{"name": V5, "value": a_token(claims, cookie=V5), "url": server.url}])
    page.goto(server.url)
    page.get_by_role("heading", name="Library").wait_for()
    upload(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("Another app on this domain still signs you in")).to_be_visible()
    page.context.clear_cookies()  # as that app does
    page.goto(server.url)
    expect(page.get_by_role("heading", name="See more detail in your pictures")).to_be_visible()


def test_a_visitor_tries_one_picture_at_the_free_tier(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.locator("input[type=file]").set_input_files([as_file()])
    expect(page.get_by_text("Done. Drag the divider")).to_be_visible()
    expect(page.locator(".tag.after")).to_have_text("After 1024 × 681")
    result = server.ask("GET", str(page.get_by_role("link", name="Download").get_attribute("href")))
    assert max(decoded(result.content).size) == 1024
    assert page.context.cookies() == []


def test_a_visitor_drops_a_picture(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.get_by_role("heading", name="See more detail").wait_for()
    drop(page, "main", as_file())
    expect(page.get_by_text("Done. Drag the divider")).to_be_visible()


def test_a_visitor_is_told_what_is_wrong_with_a_file(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.locator("input[type=file]").set_input_files([as_file("notes.png", b"hello", kind="image/png")])
    expect(page.get_by_text("File is not a supported image")).to_be_visible()
    expect(page.get_by_role("button", name="Choose a picture")).to_be_enabled()


def test_an_ended_session_asks_to_sign_in_again_and_goes_on(studio: Page, ada: Person, server: Server) -> None:
    """There is no unsettled job, since the studio's poll would detect the end of the session first."""
    studio.wait_for_load_state("networkidle")
    (cookie,) = studio.context.cookies()
    request = urllib.request.Request(  # noqa: S310  # our own
        f"{server.url}/api/session", method="DELETE", headers={"Cookie": f"{COOKIE}={cookie['value']}"}
    )
    urllib.request.urlopen(request, timeout=PATIENCE_S).close()  # noqa: S310  # our own
    studio.get_by_role("link", name="Albums").click()
    dialog = studio.get_by_role("dialog")
    expect(dialog).to_contain_text("Your session has ended")
    dialog.get_by_label("Sign-in link").fill(ada.token)
    dialog.get_by_role("button", name="Sign in").click()
    expect(studio.get_by_role("heading", name="No albums yet")).to_be_visible()
