"""Photograph the studio for the documents: `make screenshots`.

Each page at three widths, light and dark, as docs/images/NAME-WIDTH-SCHEME.jpg of less than 400 kB.
"""

import io
import sys
import tempfile
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Literal

from PIL import Image
from playwright.sync_api import Browser, Page

sys.path.insert(0, str(Path(__file__).parents[2]))

from browsing import UNLIMITED, Person, as_file, browsing, sign_in, upload  # the path comes first
from eventually import eventually
from pictures import encoded, photograph
from running import Server, serving

FOLDER: Final = Path(__file__).parents[3] / "docs" / "images"
SIZES: Final = ((360, 740), (900, 1000), (1600, 1000))
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
BYTES_MAX: Final = 400_000
QUALITIES: Final = (92, 88, 84, 80, 75, 70)
# photographs from scikit-image's data: NASA's are in the public domain, the others CC0
PHOTOGRAPHS: Final = {
    "Deep field.jpg": "hubble_deep_field.jpg",
    "Coffee.jpg": "coffee.png",
    "Astronaut.jpg": "astronaut.png",
    "Launch.jpg": "rocket.jpg",
    "Workshop.jpg": "motorcycle_left.png",
    "Chelsea.jpg": "chelsea.png",
}
PROMPTS: Final = (
    ("A lake in the mountains at sunset", "16:9"),
    ("A forest in fog", "4:5"),
    ("A city at night", "1:1"),
    ("The sea under a full moon", "3:2"),
)


def furnish(browser: Browser, server: Server) -> dict[str, str]:
    """Put pictures, versions, albums and creations into an empty studio; return the ids that addresses need."""
    owner = Person(server, server.token, "")
    page = browser.new_page()
    sign_in(page, owner)
    upload(page, *(as_file(name, encoded(photograph(source), quality=92)) for name, source in PHOTOGRAPHS.items()))
    page.close()
    ids = {image["name"].removesuffix(".jpg"): image["id"] for image in owner.images()}
    albums = [
        owner.ask("POST", "/api/albums", {"name": name, "description": text, "privacy": privacy})["album"]["id"]
        for name, text, privacy in (
            ("At home", "Small things near by", "PRIVATE"),
            ("Up there", "What is above us", "UNLISTED"),
        )
    ]
    for album, names in zip(
        albums, (("Chelsea", "Coffee", "Workshop"), ("Deep field", "Launch", "Astronaut")), strict=True
    ):
        owner.ask("POST", f"/api/albums/{album}/images", {"imageIds": [ids[name] for name in names]})
    jobs = [
        owner.ask("POST", "/api/mcp/generate", {"prompt": prompt, "tier": "TIER_1K", "aspectRatio": aspect})["jobId"]
        for prompt, aspect in PROMPTS
    ]
    jobs.append(owner.ask("POST", "/api/images/enhance", {"imageId": ids["Chelsea"], "tier": "TIER_4K"})["jobId"])
    for job in jobs:
        while owner.ask("GET", f"/api/jobs/{job}?wait=30")["job"]["status"] in {"PENDING", "PROCESSING"}:
            pass  # each look waits for the end
    owner.ask("PATCH", f"/api/images/{ids['Chelsea']}", {"isPublic": True})
    return {"picture": ids["Chelsea"], "album": albums[1], "job": jobs[-1]}


def save_card(server: Server, ids: dict[str, str]) -> None:
    """Write the preview card of the picture's link, as other sites show it."""
    path = f"/share/pictures/{ids['picture']}/card/{ids['job']}.jpg"
    eventually("renditions of both", lambda: server.ask("GET", path).status == HTTPStatus.OK)
    (FOLDER / "share-card.jpg").write_bytes(server.ask("GET", path).content)


def select(page: Page) -> None:
    """Select three pictures, and ask for the tiers."""
    for number in range(3):
        page.locator(".select-box input").nth(number).check(force=True)
    page.get_by_role("button", name="Enhance").click()


def zoom_in(page: Page) -> None:
    """Go to the cat's eye, near to the pixels."""
    page.reload()  # the page before is of the same picture
    page.locator(".compare:not(.blank)").wait_for()
    box = page.locator(".viewport").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.42)
    page.mouse.wheel(0, -520)


def tried(page: Page) -> None:
    """Let the visitor's sample be enhanced."""
    page.get_by_role("button", name="Try this sample").click()
    page.get_by_text("Done. Drag the divider").wait_for(timeout=180_000)  # by the neural engine
    page.mouse.move(0, 0)


def save(page: Page, name: str) -> None:
    """Write what the page shows, in the best quality that fits into the size."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(400)  # for fades to end; nothing tells when
    with Image.open(io.BytesIO(page.screenshot())) as shot:
        picture = shot.convert("RGB")
    for quality in QUALITIES:
        image = encoded(picture, quality=quality, subsampling=0, optimize=True, progressive=True)
        if len(image) < BYTES_MAX:
            break
    (FOLDER / f"{name}.jpg").write_bytes(image)


def photographed(browser: Browser, server: Server, ids: dict[str, str], size: tuple[int, int], scheme: Any) -> None:
    """Photograph every page at one size, in one scheme."""
    width, height = size
    is_small = width < SIZES[1][0]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        reduced_motion="reduce",
        is_mobile=is_small,
        has_touch=is_small,
        locale="en-GB",
    )
    page = context.new_page()

    def shoot(name: str, address: str, prepare: Callable[[Page], object] = lambda _page: None) -> None:
        page.goto(f"{server.url}/{address}")
        page.locator("main h1").first.wait_for()
        page.wait_for_load_state("networkidle")
        prepare(page)
        save(page, f"{name}-{width}-{scheme}")

    shoot("landing", "", tried)
    sign_in(page, Person(server, server.token, ""))
    shoot("library", "#/")
    shoot("selection", "#/?order=name", select)
    shoot("shared", f"share/pictures/{ids['picture']}")
    shoot("picture", f"#/picture/{ids['picture']}")
    shoot("pixels", f"#/picture/{ids['picture']}?", zoom_in)
    shoot("tokens", "#/tokens")
    shoot("albums", "#/albums")
    shoot("album", f"#/albums/{ids['album']}")
    shoot("create", "#/create")
    context.close()


def main() -> None:
    """Photograph everything."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    settings = {**UNLIMITED, "SPIKE_LOG_LEVEL": "WARNING", "SPIKE_UPSCALER": "auto"}  # what people will see
    with (
        tempfile.TemporaryDirectory() as folder,
        browsing() as browser,
        serving(Path(folder) / "var", **settings) as server,
    ):
        ids = furnish(browser, server)
        save_card(server, ids)
        for size in SIZES:
            for scheme in SCHEMES:
                photographed(browser, server, ids, size, scheme)


if __name__ == "__main__":
    main()
