"""The documentation's site in a browser: axe finds no serious problem, and no page is wider than its window."""

import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Final, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from effort import staggered

PROJECT: Final = Path(__file__).parents[3]
PAGES: Final = (
    "index",
    "guide",
    "lifecycle",
    "howto/add-a-tier",
    "howto/embed",
    "reference/settings",
    "reference/events",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-d", str(folder / "trees"), "docs", str(folder / "html")]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, timeout=240)
    return folder / "html"


@pytest.mark.parametrize(("width_px", "scheme"), staggered(list(product([360, 1600], ["light", "dark"])), step=3))
def test_its_pages_are_accessible_and_fit_the_window(
    browser: Browser, site: Path, scheme: Literal["light", "dark"], width_px: int
) -> None:
    page = browser.new_page(color_scheme=scheme, viewport={"width": width_px, "height": 1000})
    for name in PAGES:
        page.goto((site / f"{name}.html").as_uri())
        violations = Axe().run(page).response["violations"]
        serious = [found["id"] for found in violations if found["impact"] in {"serious", "critical"}]
        assert (name, serious) == (name, [])
        assert page.evaluate("document.documentElement.scrollWidth") <= width_px
    page.close()
