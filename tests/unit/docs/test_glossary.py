"""`docs/glossary.md` has each term of the domain once, sorted, and no term of the implementation."""

import re
from typing import Final

from documents import PROJECT

PAGE: Final = (PROJECT / "docs/glossary.md").read_text(encoding="utf-8")
ENTRY: Final = re.compile(r"^\*\*(.+?)\*\*:", re.MULTILINE)
WORD: Final = re.compile(r"\*\*(.+?)\*\*")


def test_each_word_is_there_once_and_in_order() -> None:
    words = [word.lower() for word in ENTRY.findall(PAGE)]
    assert words == sorted(set(words))


def domain_source() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in (PROJECT / "src/spike_core").rglob("*.py")).lower()


def test_every_word_is_one_of_the_domain() -> None:
    """A term that the core doesn't use needs no entry."""
    words = sorted(set(WORD.findall(PAGE)))
    source = domain_source()
    assert [word for word in words if not re.search(rf"\b{word.lower().replace(' ', '[ _]')}", source)] == []
    assert len(words) > 30
