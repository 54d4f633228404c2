"""The code blocks of the documentation: their places, their languages, and why some of them aren't run.

A block that no test can run has a comment, invisible to readers, on the line before it:

    <!-- not run: needs Docker -->
"""

import functools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from attrs import frozen
from markdown_it import MarkdownIt

PROJECT: Final = Path(__file__).parents[1]
PAGES: Final = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").rglob("*.md"))]
DIRECTIVE: Final = re.compile(r"\{[\w-]+\}")  # directives of Sphinx such as {toctree}, which `make docs` runs
_MARK: Final = re.compile(r"<!-- not run: (.+) -->")
_ANY_MARK: Final = re.compile(r"(?<!`)<!--\s*not run")


@frozen(kw_only=True)
class Block:
    """A code block; `line` is its first line, `not_run` is empty if a test runs it."""

    page: Path
    line: int
    language: str
    text: str
    not_run: str

    @property
    def place(self) -> str:
        """Its place, in the form that editors understand."""
        return f"{self.page.relative_to(PROJECT)}:{self.line}"


@functools.cache
def blocks(page: Path) -> Sequence[Block]:
    """Return the blocks of a page, fenced or indented, in order."""
    return list(_blocks(page))


def all_blocks(language: str) -> Sequence[Block]:
    """Return the blocks in one language, of all pages."""
    return [block for page in PAGES for block in blocks(page) if block.language == language]


def marks(page: Path) -> int:
    """Return the number of marks on a page, well formed and before a block or not, without quoted ones."""
    return len(_ANY_MARK.findall(page.read_text(encoding="utf-8")))


def _blocks(page: Path) -> Iterator[Block]:
    reason = ""
    for token in MarkdownIt("commonmark").disable("inline").parse(page.read_text(encoding="utf-8")):
        if token.type == "html_block":
            mark = _MARK.fullmatch(token.content.strip())
            reason = mark[1] if mark else ""
            continue
        if token.type in {"fence", "code_block"}:
            assert token.map is not None
            yield Block(
                page=page, line=token.map[0] + 1, language=token.info.strip(), text=token.content, not_run=reason
            )
        reason = ""
