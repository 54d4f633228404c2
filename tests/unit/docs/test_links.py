"""Links and paths in the documentation lead to existing files and headings.

Addresses elsewhere are listed, not fetched: tests have no network.
"""

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[3]
PAGES: Final = [*sorted(PROJECT.glob("*.md")), *sorted((PROJECT / "docs").rglob("*.md"))]
FENCED: Final = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
INLINE_CODE: Final = re.compile(r"`[^`\n]*`")
LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
DEFINITION: Final = re.compile(r"^\[[^\]]+\]: (\S+)$", re.MULTILINE)
OWN_ADDRESS: Final = re.compile(r"https://github\.com/spike-core/spike-core/(?:blob|raw|tree)/main/")
HEADING: Final = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
OUTSIDE: Final = re.compile(r"[a-z]+:")
ADDRESS: Final = re.compile(r"\b(https?)://([^/\s:?#&\"'`<>)…]+)")
ELSEWHERE: Final = {  # every host that the documents name, and why
    "keepachangelog.com": "the changelog's form",
    "semver.org": "the numbers of versions",
    "www.sqlite.org": "the authority on a setting of SQLite",
    "github.com": "Spike's own pages, from README as the package index shows it",
    "api.openai.com": "where a generator may ask: an address to configure",
    "ACCOUNT_ID.r2.cloudflarestorage.com": "where R2 is: an address to configure",
    "example.com": "nobody's, for samples",
    "example.org": "nobody's, for samples",
    "s3.example.org": "nobody's, for samples",
    "spike.example.org": "nobody's, for samples",
}
HERE: Final = {"localhost", "127.0.0.1"}
NAMED_PATH: Final = re.compile(r"`((?:src|tests|docs|bench|examples|\.ci)/[^`\s<…]*)`")


def prose(page: Path) -> str:
    return FENCED.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> Iterator[str]:
    """Yield relative links; README's absolute links into the project count as relative."""
    text = INLINE_CODE.sub("code", prose(page))
    for target in [*LINK.findall(text), *DEFINITION.findall(text)]:
        path = OWN_ADDRESS.sub("", target)
        if OUTSIDE.match(path) is None:
            yield path


@functools.cache
def anchors(page: Path) -> set[str]:
    """Return the anchors that code hosts create from headings: lower case, hyphens for spaces, no punctuation."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(prose(page))}


def test_links_lead_somewhere() -> None:
    for page, link in [(each, link) for each in PAGES for link in links(each)]:
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(PROJECT), f"{page}: {link} leads out of the project"
        assert target.exists(), f"{page}: {link} leads nowhere"
        assert not anchor or anchor in anchors(target), f"{page}: {link} has no such heading"


def test_named_paths_are_there() -> None:
    named = [(page, path) for page in PAGES for path in NAMED_PATH.findall(prose(page))]
    assert named
    # in a file, a test may be named
    missing = [(page, path) for page, path in named if not (PROJECT / path.partition("::")[0]).exists()]
    assert missing == []


def test_every_document_is_linked_to() -> None:
    """By another document, directly or as part of its folder."""
    targets = {(page.parent / link.partition("#")[0]).resolve() for page in PAGES for link in links(page)}
    lonely = [page for page in (PROJECT / "docs").rglob("*.md") if not targets & {page, page.parent}]
    assert lonely == []


def test_the_index_leads_to_every_page_once() -> None:
    """Decisions are linked from their own index."""
    index = PROJECT / "docs/index.md"
    linked = [(index.parent / link).resolve() for link in links(index) if "images" not in link]
    pages = {page for page in (PROJECT / "docs").rglob("*.md") if page.parent.name != "decisions"}
    assert sorted(linked) == sorted({*pages - {index}, PROJECT / "docs/decisions/index.md"})


def test_addresses_elsewhere_are_secure_and_each_host_is_known_with_a_reason() -> None:
    """Only addresses of this machine may use http."""
    found = {pair for page in PAGES for pair in ADDRESS.findall(page.read_text(encoding="utf-8"))}
    outside = {(scheme, host) for scheme, host in found if host not in HERE}
    assert {scheme for scheme, _ in outside} == {"https"}
    assert {host for _, host in outside} == ELSEWHERE.keys()
