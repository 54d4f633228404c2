"""The documentation builds without a warning, and a broken link is one; the build takes most of a minute."""

import shutil
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from documentation_site import PROJECT, SiteBuild, build
from effort import long
from python_reference import without_a_place


@pytest.fixture(scope="module")
def site(site_build: SiteBuild) -> Path:
    assert (site_build.returncode, site_build.warnings) == (0, "")
    return site_build.html


class Page(HTMLParser):
    """The links of a page, its link targets, and the files that the browser loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.names: set[str] = set()
        self.fetched: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        found = {name: value for name, value in attrs if value}
        self.names |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.add(found["href"])
        if tag in {"script", "img"} and "src" in found:
            self.fetched.add(found["src"])
        if tag == "link" and "stylesheet" in found.get("rel", ""):
            self.fetched.add(found["href"])


def outside(link: str) -> bool:
    return link.startswith(("https:", "http:", "mailto:", "data:"))


@long(kept_by="tests/unit/docs/test_python_reference.py::test_every_public_name_has_a_place_in_the_reference")
def test_every_public_name_has_a_place_in_the_reference(site: Path) -> None:
    shown = {name for page in (site / "reference").glob("python*.html") for name in Page(page).names}
    assert without_a_place(shown) == set()
    assert "spike_core.services.uploads.Uploads.upload" in shown


@long(kept_by="tests/unit/docs/test_links.py::test_the_index_leads_to_every_page_once")
def test_every_page_is_in_the_site(site: Path) -> None:
    pages = {page.relative_to(PROJECT / "docs").with_suffix(".html") for page in (PROJECT / "docs").rglob("*.md")}
    made = {page.relative_to(site) for page in site.rglob("*.html")}
    assert pages - made == set()


@long(kept_by="tests/unit/docs/test_links.py::test_links_lead_somewhere")
def test_every_link_of_the_site_leads_to_a_page_and_a_place_on_it(site: Path) -> None:
    """Including links of the theme. External ones aren't followed, since tests have no network."""
    pages = {path.resolve(): Page(path) for path in site.rglob("*.html")}
    assert len(pages) > 20
    dead: list[str] = []
    for path, page in pages.items():
        for link in page.links:
            if outside(link):
                continue
            file, _, anchor = link.partition("#")
            target = (path.parent / unquote(file)).resolve() if file else path
            known = target in pages and (not anchor or unquote(anchor) in pages[target].names)
            if not known and not (target not in pages and target.is_file()):
                dead.append(f"{path.relative_to(site.resolve())}: {link}")
    assert dead == []


@long(kept_by="tests/unit/docs/test_links.py::test_addresses_elsewhere_are_secure_and_each_host_is_known_with_a_reason")
def test_the_site_asks_nobody_else_for_anything(site: Path) -> None:
    fetched = {link for path in site.rglob("*.html") for link in Page(path).fetched}
    assert fetched
    assert [link for link in fetched if outside(link)] == []


@long(kept_by="tests/unit/docs/test_links.py::test_links_lead_somewhere")
def test_a_dead_link_fails_the_build(tmp_path: Path) -> None:
    """To a page, or to a place on one; each is named."""
    source = tmp_path / "source"
    source.mkdir()
    shutil.copy(PROJECT / "docs/conf.py", source)
    config = (source / "conf.py").read_text(encoding="utf-8")
    (source / "conf.py").write_text(
        config + "\nhtml_logo = html_favicon = None\nhtml_static_path = []\n", encoding="utf-8"
    )
    text = "# Title\n\n[somewhere](missing.md)\n\n[there](index.md#nowhere)\n"
    (source / "index.md").write_text(text, encoding="utf-8")
    built = build(source, tmp_path / "site")
    assert built.returncode != 0
    assert ("missing" in built.warnings, "nowhere" in built.warnings) == (True, True), built.warnings
