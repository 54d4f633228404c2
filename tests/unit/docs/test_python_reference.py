"""Every public name has a place in the Python reference, by the directives of its pages; test_site.py sees it built."""

import importlib
import re
from collections.abc import Iterator
from typing import Final

from documents import PROJECT
from python_reference import without_a_place

DIRECTIVE: Final = re.compile(r"^\.\. (?:auto|py:)(\w+):: ([\w.]+)\n((?:   :.+\n)*)", re.MULTILINE)


def placed() -> Iterator[str]:
    """Yield all names that the pages have places for."""
    for page in sorted((PROJECT / "docs/reference").glob("python*.md")):
        module = ""
        for kind, name, options in DIRECTIVE.findall(page.read_text(encoding="utf-8")):
            if kind == "module":
                module = name
            if kind == "module" and ":no-members:" not in options:
                excluded = re.findall(r"\w+", options.partition(":exclude-members:")[2])
                names = vars(importlib.import_module(name))
                own = (each for each, value in names.items() if getattr(value, "__module__", None) == name)
                yield from (f"{name}.{each}" for each in names.get("__all__", own) if each not in excluded)
            elif kind != "module":
                yield name if "." in name else f"{module}.{name}"


def test_every_public_name_has_a_place_in_the_reference() -> None:
    assert without_a_place(set(placed())) == set()
