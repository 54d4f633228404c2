"""The documentation's site in a browser: axe finds no serious problem, and no page is wider than its window."""

from itertools import product
from typing import Final, Literal

import pytest
from playwright.sync_api import Browser

from browsing import axe_violations
from documentation_site import SiteBuild
from effort import long

PAGES: Final = (
    "index",
    "guide",
    "lifecycle",
    "howto/add-a-tier",
    "howto/embed",
    "reference/settings",
    "reference/events",
)


@long(kept_by="tests/integration/browser/test_manners.py::test_axe_finds_nothing_and_no_page_is_wider_than_the_window")
@pytest.mark.parametrize(("name", "width_px", "scheme"), list(product(PAGES, [360, 1600], ["light", "dark"])))
def test_its_pages_are_accessible_and_fit_the_window(
    browser: Browser, site_build: SiteBuild, name: str, scheme: Literal["light", "dark"], width_px: int
) -> None:
    page = browser.new_page(color_scheme=scheme, viewport={"width": width_px, "height": 1000})
    page.goto((site_build.html / f"{name}.html").as_uri())
    violations = axe_violations(page)
    assert [found["id"] for found in violations if found["impact"] in {"serious", "critical"}] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width_px
    page.close()
