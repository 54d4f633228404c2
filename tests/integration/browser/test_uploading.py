"""Point 2, and what goes wrong on the way: bad files, large ones, no tokens, a lost answer, a server that restarts."""

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, Request, Route, expect

from browsing import UNLIMITED, NewPerson, Person, as_file, drop, paste, photo, sign_in, upload
from pictures import JUNK
from running import run_spike, serving, serving_on

MIB = 1024 * 1024


def failure(page: Page) -> str:
    """Return what the upload panel says about a file that failed."""
    row = page.locator(".upload-panel li").filter(has=page.get_by_role("alert"))
    row.first.wait_for()
    return row.first.inner_text()


def test_several_files_go_up_with_a_bar_each_and_one_for_all(studio: Page, ada: Person) -> None:
    names = [f"photo {number}.jpg" for number in range(3)]
    studio.locator("input[type=file]").set_input_files([as_file(name) for name in names])
    for name in names:
        expect(
            studio.get_by_role("progressbar", name=f"Upload of {name}").or_(
                studio.locator(".upload-panel li", has_text=name)
            )
        ).not_to_have_count(0)
    expect(studio.get_by_role("progressbar", name="All uploads")).to_have_attribute("aria-valuenow", "100")
    expect(studio.get_by_role("heading", name="3 pictures uploaded")).to_be_visible()
    expect(studio.locator(".upload-panel header")).to_contain_text("6 tokens of 100")
    expect(studio.locator(".tile")).to_have_count(3)
    assert sorted(image["name"] for image in ada.images()) == names
    expect(studio.locator(".balance")).to_contain_text("94")


def test_many_files_go_up_as_one_request(studio: Page, ada: Person) -> None:
    asked: list[str] = []
    studio.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    files = [as_file(f"{number}.jpg") for number in range(8)]
    files[3] = as_file("notes.png", b"hello", kind="image/png")
    studio.locator("input[type=file]").set_input_files(files)
    expect(studio.get_by_role("heading", name="1 of 8 not uploaded")).to_be_visible()
    assert [url.rpartition("/")[2] for url in asked if "upload" in url] == ["batch-upload"]
    assert "File is not a supported image" in failure(studio)
    assert len(ada.images()) == 7


def test_late_thumbnails_are_asked_for_together_and_the_files_are_shown_until_then(studio: Page) -> None:
    count, asked = 8, list[int]()

    def take_thumbnails_away(route: Route) -> None:
        answer = route.fetch().json()
        asked.append(len(answer["images"]))
        late = {"thumbnailUrl": None, "previewUrl": None, "thumbhash": None}
        route.fulfill(json={**answer, "images": [{**image, **late} for image in answer["images"]]})

    late = "**/api/images?ids=*"
    studio.route(late, take_thumbnails_away)
    studio.locator("input[type=file]").set_input_files([as_file(f"{number}.jpg") for number in range(count)])
    shown = studio.locator(".tile canvas:not([hidden]):not([width='16'])")
    expect(shown).to_have_count(count)
    studio.wait_for_event("response", lambda response: "?ids=" in response.url)
    assert asked == [count] * len(asked)
    studio.unroute(late)
    expect(studio.locator(".tile.loaded")).to_have_count(count)
    expect(shown).to_have_count(0)  # they take memory


def test_batches_keep_to_the_limits_that_the_api_publishes(studio: Page, ada: Person) -> None:
    def reduce(route: Route) -> None:
        route.fulfill(json={**ada.ask("GET", "/api/usage"), "batchFilesMax": 3})

    studio.route("**/api/usage", reduce)
    studio.reload()
    asked: list[str] = []
    studio.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    studio.locator("input[type=file]").set_input_files([as_file(f"{number}.jpg") for number in range(9)])
    expect(studio.get_by_role("heading", name="9 pictures uploaded")).to_be_visible()
    ways = [url.rpartition("/")[2] for url in asked if "upload" in url]
    assert ways.count("batch-upload") == 1  # the six that are left are sent one by one
    assert ways.count("upload") == 6


def test_the_same_bytes_again_are_kept_and_the_earlier_picture_is_named(studio: Page, ada: Person) -> None:
    upload(studio, as_file("one.jpg"))
    expect(studio.locator(".tile")).to_have_count(1)
    studio.locator(".upload-panel").hover()  # keeps it open
    studio.locator("input[type=file]").set_input_files([as_file("again.jpg")])
    note = studio.locator(".upload-panel li", has_text="again.jpg").get_by_role("link")
    expect(note).to_have_text("The same as an earlier one")
    [earlier] = [image["id"] for image in ada.images() if image["name"] == "one.jpg"]
    expect(note).to_have_attribute("href", f"#/picture/{earlier}")
    assert len(ada.images()) == 2


def test_a_picture_is_dropped_or_pasted(studio: Page, ada: Person) -> None:
    drop(studio, "main", as_file("dropped.jpg"))
    expect(studio.locator(".tile")).to_have_count(1)
    paste(studio, as_file("pasted.jpg"))
    expect(studio.locator(".tile")).to_have_count(2)
    assert {image["name"] for image in ada.images()} == {"dropped.jpg", "pasted.jpg"}


def test_a_text_file_named_png_is_refused_with_the_suggestion(studio: Page, ada: Person) -> None:
    studio.locator("input[type=file]").set_input_files([as_file("notes.png", JUNK, kind="image/png"), as_file()])
    message = failure(studio)
    assert "File is not a supported image" in message
    assert "Please upload a JPEG" in message
    assert re.search(r"Request req_\w{24}", message)
    expect(studio.locator(".tile")).to_have_count(1)
    assert len(ada.images()) == 1


def test_a_file_of_11_mb_is_refused_with_the_suggestion(studio: Page, ada: Person, tmp_path: Path) -> None:
    (tmp_path / "large.jpg").write_bytes(photo() + bytes(11 * MIB))
    studio.locator("input[type=file]").set_input_files(tmp_path / "large.jpg")
    message = failure(studio)
    assert "File exceeds maximum size of 10 MB" in message
    assert "Please upload a file smaller than 10 MB" in message
    assert ada.images() == []
    assert ada.balance() == 100


def test_without_tokens_an_upload_says_what_is_missing_and_can_be_sent_again(
    page: Page, register: NewPerson, folder: Path
) -> None:
    poor = register(1)
    sign_in(page, poor)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.locator("input[type=file]").set_input_files([as_file()])
    assert "You need 2 tokens to upload and enhance this image. You have 1 tokens." in failure(page)
    assert [url for url in sent if "upload" in url] == []
    email = poor.ask("GET", "/api/session")["user"]["email"]
    assert run_spike("tokens", "grant", email, "5", folder=folder).returncode == 0
    page.get_by_role("button", name="Retry chelsea.jpg").click()
    expect(page.get_by_role("heading", name="Picture uploaded")).to_be_visible()
    assert poor.balance() == 4


def test_an_upload_that_a_busy_server_refuses_is_sent_again_by_itself(studio: Page, ada: Person) -> None:
    refusals = 2

    def refuse(route: Route) -> None:
        nonlocal refusals
        if refusals:
            refusals -= 1
            route.fulfill(status=503, json={"code": "SERVER_BUSY", "error": "The server is busy", "retryAfter": 0})
        else:
            route.continue_()

    studio.route("**/api/images/upload", refuse)
    upload(studio)
    assert (refusals, len(ada.images())) == (0, 1)


def test_a_lost_answer_costs_nothing_when_it_is_sent_again(studio: Page, ada: Person) -> None:
    """The first request has its effect, and its answer is lost; the retry sends the same key."""
    keys: list[str] = []

    def lose_the_answer(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            route.continue_()
            return
        route.fetch()
        route.abort()

    studio.route("**/api/images/upload", lose_the_answer)
    studio.locator("input[type=file]").set_input_files([as_file()])
    assert "The server doesn't respond" in failure(studio)
    assert len(ada.images()) == 1
    studio.get_by_role("button", name="Retry chelsea.jpg").click()
    expect(studio.get_by_role("heading", name="Picture uploaded")).to_be_visible()
    assert len(set(keys)) == 1
    assert len(ada.images()) == 1
    assert ada.balance() == 98


def test_an_upload_outlives_a_restart_of_the_server(browser: Browser, tmp_path: Path) -> None:
    keys: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/upload"):
            keys.append(request.headers["idempotency-key"])

    folder = tmp_path / "var"
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.on("request", note)
    with serving(folder, **UNLIMITED) as server:
        owner = Person(server, server.token, "")
        sign_in(page, owner)
        slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200 * 1024}
        devtools = context.new_cdp_session(page)
        devtools.send("Network.enable")
        devtools.send("Network.emulateNetworkConditions", slow)
        page.locator("input[type=file]").set_input_files([as_file(content=photo() + bytes(3 * MIB))])
        bar = page.get_by_role("progressbar", name="Upload of chelsea.jpg")
        page.wait_for_function("bar => Number(bar.getAttribute('aria-valuenow')) > 5", arg=bar.element_handle())
        server.kill()
        assert "The server doesn't respond" in failure(page)
        devtools.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    with serving_on(int(server.url.rpartition(":")[2]), folder, UNLIMITED) as again:
        page.get_by_role("button", name="Retry chelsea.jpg").click()
        expect(page.get_by_role("heading", name="Picture uploaded")).to_be_visible()
        owner = Person(again, owner.token, "")
        assert len(owner.images()) == 1
        assert owner.balance() == 98
    context.close()
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_an_upload_is_shown_in_the_library_before_the_page_is_loaded_anew(studio: Page) -> None:
    upload(studio)
    expect(studio.get_by_role("link", name="chelsea.jpg")).to_be_visible()
    studio.reload()
    expect(studio.get_by_role("link", name="chelsea.jpg")).to_be_visible()


def test_uploads_shift_neither_the_focus_nor_the_beginning_of_a_range(studio: Page) -> None:
    """A new picture comes before the others, also while one selects some of them."""
    upload(studio, *(as_file(f"{number}.jpg") for number in range(3)))
    links = studio.locator(".tile [data-link]")
    expect(studio.locator(".tile.loaded")).to_have_count(3)
    first, second = (links.nth(place).get_attribute("aria-label") for place in range(2))
    links.first.focus()
    studio.keyboard.press("Space")
    studio.locator("input[type=file]").first.set_input_files([as_file("new.jpg")])
    expect(studio.get_by_role("link", name="new.jpg")).to_be_visible()
    expect(studio.get_by_role("link", name=first)).to_be_focused()
    studio.keyboard.press("Shift+ArrowRight")
    expect(studio.get_by_role("link", name=second)).to_be_focused()
    selected = studio.locator(".tile.selected [data-link]").all()
    assert [link.get_attribute("aria-label") for link in selected] == [first, second]


def test_uploads_leave_what_one_looks_at_where_it_is(studio: Page) -> None:
    upload(studio, *(as_file(f"{number}.jpg") for number in range(12)))
    studio.set_viewport_size({"width": 500, "height": 320})
    studio.evaluate("scrollTo(0, 400)")
    tile = studio.locator(".tile", has_text=re.compile(r"^2\.jpg"))
    expect(tile).to_be_in_viewport()
    before = tile.bounding_box()
    studio.locator("input[type=file]").first.set_input_files([as_file(f"new {number}.jpg") for number in range(6)])
    expect(studio.locator("h1 .count")).to_have_text("18")
    after = tile.bounding_box()
    assert before
    assert after
    assert abs(after["y"] - before["y"]) <= 2
