"""`docs/glossary.md` has each word once and in order, and a word for every port."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Final

import pytest

from documents import PROJECT
from spike_core import ports

PAGE: Final = (PROJECT / "docs/glossary.md").read_text(encoding="utf-8")
ENTRY: Final = re.compile(r"^\*\*(.+?)\*\*:", re.MULTILINE)
WORD: Final = re.compile(r"\*\*(.+?)\*\*")
NOT_WORDS: Final = {"plugins"}  # factories, told in docs/architecture.md


def singular(word: str) -> str:
    return re.sub(r"ies$", "y", word.lower()).removesuffix("s") if word != "Census" else "census"


def port_names() -> Iterator[str]:
    for module in pkgutil.iter_modules(ports.__path__):
        if module.name not in NOT_WORDS:
            found = importlib.import_module(f"{ports.__name__}.{module.name}")
            yield from (name for name, kind in vars(found).items() if is_port(kind, module=found.__name__))


def is_port(kind: object, *, module: str) -> bool:
    return isinstance(kind, type) and kind.__module__ == module and getattr(kind, "_is_protocol", False)


def test_each_word_is_there_once_and_in_order() -> None:
    words = [word.lower() for word in ENTRY.findall(PAGE)]
    assert words == sorted(set(words))


@pytest.mark.parametrize("name", sorted(set(port_names())))
def test_every_port_has_a_word(name: str) -> None:
    """`JobQueue` is told by *job* and *queue*, `Tallies` by *tally*."""
    words = {word.lower() for word in WORD.findall(PAGE)}
    parts = [singular(part) for part in re.findall(r"[A-Z][a-z]+", name)]
    spelled = {*parts, " ".join(parts)}
    assert spelled & words, name
