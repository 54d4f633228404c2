"""What the studio loads for its first views, and how evenly it scrolls: Chromium, and a server of its own.

Bytes, requests and elements are counts, and don't depend on the machine's load. Frame times do: measure them with
`--frames` on an idle machine. What the machine can do at all is measured beside them: the same scrolling over plain
pages of the same height without a script, one of them empty, one of 10,000 flat boxes, and one of as many images of one
picture. The pictures are rows and hard links of one upload each, of 5 MB.

    python bench/studio_views.py [--frames] [--program chromium]
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from attrs import define
from playwright.sync_api import Browser, Page

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from zip_memory import picture_of

from browsing import UNLIMITED, Person, browsing
from eventually import eventually
from large_library import multiply
from multipart import CONTENT_TYPE, a_form, a_part
from running import Server, serving
from spike_runtime import Settings, build

WINDOW: Final[Any] = {"width": 1280, "height": 900}
FRAME_MS: Final = 1000 / 60
# pixels per frame: a window a second, a wheel that is turned fast, and a scrollbar that is dragged, twice
SPEEDS: Final[Mapping[str, int]] = {"900 px/s": 15, "3,600 px/s": 60, "36,000 px/s": 600, "360,000 px/s": 6000}
FRAMES: Final = 300
PLAIN: Final = """
    async ([kind, picture, height, count]) => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(`
            body { position: relative; margin: 0; height: ${height}px; }
            div, img { position: absolute; width: 232px; height: 243px; object-fit: cover; background: #888; }
        `);
        document.adoptedStyleSheets = [sheet];
        for (let index = 0; kind && index < count; index++) {
            const box = document.createElement(kind);
            if (kind === 'img') box.src = picture;
            box.style.left = `${40 + (index % 5) * 240}px`;
            box.style.top = `${Math.floor(index / 5) * height / (count / 5)}px`;
            document.body.append(box);
        }
    }
"""
# the bytes of a thumbnail, so that the plain page loads nothing
THUMBNAIL: Final = """
    async () => {
        const answer = await fetch(document.querySelector('.tile.loaded img').src);
        const bytes = new Uint8Array(await answer.arrayBuffer());
        return 'data:image/webp;base64,' + btoa(String.fromCharCode(...bytes));
    }
"""
SCROLLING: Final = """
    async ([pixels, frames]) => {
        scrollTo(0, 0);
        await new Promise((resolve) => setTimeout(resolve, 1000));
        const times = [];
        let last = await new Promise(requestAnimationFrame);
        let direction = 1;
        for (let frame = 0; frame < frames; frame++) {
            const end = document.documentElement.scrollHeight - innerHeight;
            if (scrollY + pixels > end) direction = -1;
            if (scrollY - pixels < 0) direction = 1;
            scrollBy(0, direction * pixels);
            const now = await new Promise(requestAnimationFrame);
            times.push(now - last);
            last = now;
        }
        return times;
    }
"""


@define
class Loaded:
    """What a page has loaded, as Chromium's network stack counts it: headers and bodies, as sent."""

    requests: int = 0
    size_bytes: int = 0
    pictures: int = 0
    picture_bytes: int = 0


def watch(page: Page) -> Loaded:
    """Return what a page loads from now on."""
    loaded, urls = Loaded(), dict[str, str]()
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")

    def asked(event: Any) -> None:
        if event["request"]["url"].startswith("http"):
            urls[event["requestId"]] = event["request"]["url"]

    def finished(event: Any) -> None:
        url = urls.get(event["requestId"])
        if url is None:
            return
        loaded.requests += 1
        loaded.size_bytes += int(event["encodedDataLength"])
        if "/files/" in url:
            loaded.pictures += 1
            loaded.picture_bytes += int(event["encodedDataLength"])

    devtools.on("Network.requestWillBeSent", asked)
    devtools.on("Network.loadingFinished", finished)
    return loaded


def a_library(server: Server, folder: Path, *, email: str, count: int) -> Person:
    """Return a person with so many pictures of 5 MB."""
    spike = build(Settings(data_dir=folder, upscaler="classical"))
    person = Person.register(server, spike, email=email)
    spike.close()
    album = person.ask("POST", "/api/albums", {"name": "All", "autoEnhance": False})["album"]
    form = a_form(a_part("albumId", album["id"].encode()), a_part("file", picture_of(5), filename="photo.jpg"))
    answer = server.ask("POST", "/api/images/upload", token=person.token, body=form, content_type=CONTENT_TYPE)
    assert answer.status == 200, answer.content
    eventually("a thumbnail", lambda: person.images()[0]["thumbnailUrl"])
    multiply(folder, answer.json["image"]["id"], count - 1)
    return person


def first_view(browser: Browser, person: Person, *, count: int) -> None:
    """Open the library in a browser that has seen nothing yet, and print what it loads until it rests."""
    context = browser.new_context(viewport=WINDOW, reduced_motion="reduce")
    page = context.new_page()
    loaded = watch(page)
    page.goto(person.link)
    page.locator(".tile.loaded").first.wait_for()
    page.wait_for_load_state("networkidle")
    elements = page.evaluate("document.querySelectorAll('*').length")
    shown = page.locator(".tile").count()
    print(
        f"| {count:,} | {loaded.requests} | {loaded.size_bytes / 1e6:.2f} | {loaded.pictures} |"
        f" {loaded.picture_bytes / 1e6:.2f} | {shown} | {elements} | {count * 5 / 1000:.1f} GB |"
    )
    context.close()


def frames(page: Page, what: str) -> None:
    """Scroll up and down at each speed, and print the times between frames."""
    for name, pixels in SPEEDS.items():
        times: list[float] = page.evaluate(SCROLLING, [pixels, FRAMES])
        cuts = statistics.quantiles(times, n=100)
        late = sum(time > 1.5 * FRAME_MS for time in times)
        elements = page.evaluate("document.querySelectorAll('*').length")
        print(
            f"| {what} | {name} | {1000 * len(times) / sum(times):.1f} | {cuts[49]:.1f} | {cuts[94]:.1f} |"
            f" {cuts[98]:.1f} | {max(times):.1f} | {late} | {elements:,} |",
            flush=True,
        )


def all_frames(browser: Browser, person: Person, *, count: int) -> None:
    """Measure the library, the album of all its pictures, and plain pages."""
    print(f"\n| page | scrolled by | frames/s | median, ms | p95 | p99 | longest | late, of {FRAMES} | elements |")
    print("|---|---|---|---|---|---|---|---|---|")
    page = browser.new_context(viewport=WINDOW, reduced_motion="reduce").new_page()
    bugs: list[str] = []
    page.on("pageerror", lambda error: bugs.append(str(error)))
    page.goto(person.link)
    page.locator(".tile.loaded").first.wait_for()
    page.wait_for_load_state("networkidle")
    height, picture = page.evaluate("document.documentElement.scrollHeight"), page.evaluate(THUMBNAIL)
    frames(page, "library")
    [album] = person.ask("GET", "/api/albums")["albums"]
    page.goto(f"{person.server.url}/#/albums/{album['id']}")
    page.get_by_role("heading", name=album["name"]).wait_for()
    page.locator(".tile.loaded").first.wait_for()
    page.wait_for_load_state("networkidle")
    frames(page, "album")
    assert not bugs, bugs
    for kind, what in (("", "empty"), ("div", f"{count:,} flat boxes"), ("img", f"{count:,} images")):
        page.goto("about:blank")
        page.evaluate(PLAIN, [kind, picture, height, count])
        frames(page, what)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", action="store_true", help="measure frame times too, on an idle machine")
    parser.add_argument("--program", help="the browser, if not the first one that is installed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, browsing(options.program) as browser:
        folder = Path(temporary) / "var"
        with serving(folder, SPIKE_UPSCALER="classical", **UNLIMITED) as server:
            print("| Pictures of 5 MB | Requests | MB | thumbnails | MB | tiles | elements | originals |")
            print("|---|---|---|---|---|---|---|---|")
            for count in (100, 10_000):
                person = a_library(server, folder, email=f"of-{count}@example.org", count=count)
                first_view(browser, person, count=count)
            if options.frames:
                all_frames(browser, person, count=count)


if __name__ == "__main__":
    main()
