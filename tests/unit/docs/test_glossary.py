"""`docs/glossary.md` has each term of the domain once, sorted, and no term of the implementation."""

import re
from typing import Final

import pytest

from documents import PROJECT

PAGE: Final = (PROJECT / "docs/glossary.md").read_text(encoding="utf-8")
ENTRY: Final = re.compile(r"^\*\*(.+?)\*\*:", re.MULTILINE)
WORD: Final = re.compile(r"\*\*(.+?)\*\*")


def test_each_word_is_there_once_and_in_order() -> None:
    words = [word.lower() for word in ENTRY.findall(PAGE)]
    assert words == sorted(set(words))


def domain_source() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in (PROJECT / "src/spike_core").rglob("*.py")).lower()


@pytest.mark.parametrize("word", sorted(set(WORD.findall(PAGE))))
def test_every_word_is_one_of_the_domain(word: str) -> None:
    """A term that the core doesn't use needs no entry."""
    assert re.search(rf"\b{word.lower().replace(' ', '[ _]')}", domain_source())
