"""Uploads go on after a reload, and those that failed are retried at once."""

from playwright.sync_api import Page, Route, expect

from browsing import NewPerson, Person, as_file, photo, sign_in
from effort import IS_FULL

FILES = 200 if IS_FULL else 60
KEPT_FILES_ARE = """(count) => new Promise((resolve) => {
    indexedDB.open('spike-uploads').onsuccess = ({target}) => {
        const request = target.result.transaction('uploads').objectStore('uploads').count();
        request.onsuccess = () => resolve(request.result === count);
    };
})"""


def test_many_uploads_go_on_after_a_reload_and_none_is_stored_twice(studio: Page, ada: Person) -> None:
    """One request has its effect and loses its answer, one never arrives, the others weren't sent yet."""
    album = ada.ask("POST", "/api/albums", {"name": "Many", "autoEnhance": False})["album"]
    keys: list[str] = []
    held: list[Route] = []

    def interrupt(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if not held:
            route.fetch()
        held.append(route)

    studio.goto(f"{ada.server.url}/#/albums/{album['id']}")
    expect(studio.get_by_role("heading", name="Many")).to_be_visible()
    studio.route("**/api/images/batch-upload", interrupt)
    content = photo(size=(24, 16))
    files = [as_file(f"{number:03}.jpg", content) for number in range(FILES)]
    with studio.expect_request("**/api/images/batch-upload"):
        studio.locator("input[type=file]").set_input_files(files)
    expect(studio.locator(".upload-panel li")).to_have_count(FILES)
    while len(held) < 2:
        studio.wait_for_timeout(50)
    interrupted = set(keys)
    studio.unroute("**/api/images/batch-upload")
    sent: list[str] = []
    studio.on("request", lambda request: sent.append(request.headers.get("idempotency-key", "")))
    studio.reload()
    expect(studio.get_by_role("heading", name=f"{FILES} pictures uploaded")).to_be_visible(timeout=120_000)
    assert interrupted < set(sent)
    shown = ada.ask("GET", f"/api/albums/{album['id']}/layout")["images"]
    assert len(shown) == len({image["id"] for image in shown}) == FILES
    assert len(ada.ask("GET", "/api/images/layout")["images"]) == FILES
    studio.reload()
    expect(studio.locator(".tile").first).to_be_visible()
    expect(studio.locator(".upload-panel")).to_have_count(0)


def test_a_reload_before_the_answer_charges_once(studio: Page, ada: Person) -> None:
    def lose_the_answer(route: Route) -> None:
        route.fetch()

    studio.route("**/api/images/upload", lose_the_answer)
    with studio.expect_request("**/api/images/upload"):
        studio.locator("input[type=file]").set_input_files([as_file()])
    studio.unroute("**/api/images/upload")
    studio.reload()
    expect(studio.get_by_role("heading", name="Picture uploaded")).to_be_visible()
    expect(studio.locator(".tile")).to_have_count(1)
    assert (len(ada.images()), ada.balance()) == (1, 98)


def test_what_failed_in_a_batch_is_retried_at_once(studio: Page, ada: Person) -> None:
    failing = True

    def fail(route: Route) -> None:
        route.abort() if failing else route.continue_()

    studio.route("**/api/images/upload", fail)
    studio.locator("input[type=file]").set_input_files([as_file(f"{number}.jpg") for number in range(3)])
    expect(studio.get_by_role("heading", name="3 of 3 not uploaded")).to_be_visible()
    failing = False
    studio.get_by_role("button", name="Retry all").click()
    expect(studio.get_by_role("heading", name="3 pictures uploaded")).to_be_visible()
    assert len(ada.images()) == 3


def test_files_whose_request_lost_one_are_sent_in_a_new_one(studio: Page, ada: Person) -> None:
    """The request, which never arrived, isn't repeated after a reload: the other files are sent in a new one."""
    studio.route("**/api/images/batch-upload", lambda route: route.abort())
    studio.locator("input[type=file]").set_input_files([as_file(f"{number}.jpg") for number in range(8)])
    expect(studio.get_by_role("heading", name="8 of 8 not uploaded")).to_be_visible()
    studio.get_by_role("button", name="Dismiss 0.jpg").click()
    expect(studio.get_by_role("heading", name="7 of 7 not uploaded")).to_be_visible()
    studio.wait_for_function(KEPT_FILES_ARE, arg=7)
    studio.unroute("**/api/images/batch-upload")
    studio.reload()
    expect(studio.get_by_role("heading", name="7 pictures uploaded")).to_be_visible()
    assert sorted(image["name"] for image in ada.images()) == [f"{number}.jpg" for number in range(1, 8)]


def test_what_waits_is_sent_for_no_other_account_and_forgotten_at_the_sign_out(
    studio: Page, ada: Person, register: NewPerson
) -> None:
    """Ada's session is over while her files wait; Bob signs in, in her tab; she comes back, and signs out."""
    bob = register(100)
    studio.route("**/api/images/batch-upload", lambda route: route.abort())
    studio.locator("input[type=file]").set_input_files([as_file(f"{number}.jpg") for number in range(8)])
    expect(studio.get_by_role("heading", name="8 of 8 not uploaded")).to_be_visible()
    for person, shown in ((bob, 0), (ada, 8)):
        sign_in(studio, person)
        expect(studio.locator(".upload-panel li")).to_have_count(shown)
    assert (ada.images(), bob.images()) == ([], [])
    studio.get_by_role("button", name="Sign out").click()
    expect(studio.locator(".upload-panel")).to_have_count(0)
    studio.wait_for_function(KEPT_FILES_ARE, arg=0)
