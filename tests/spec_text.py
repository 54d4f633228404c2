"""The code blocks of the API's specification, by their headings, if the text is available.

The text isn't part of this repository. `SPIKE_TEST_SPEC` is its path; without it, tests that need the text are
skipped.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from attrs import frozen

VARIABLE: Final = "SPIKE_TEST_SPEC"

_HEADING: Final = re.compile(r"#{2,4} (.+)")
_LABEL: Final = re.compile(r"\*\*([^*]+)\*\*")
_FENCE: Final = re.compile(r"```(\w*)")


@frozen(order=True)
class BlockName:
    """A code block's language and place: a heading, and the bold line before the block, if any."""

    language: str
    place: str

    def __str__(self) -> str:
        """Return the id of its test."""
        return f"{self.language}: {self.place}"


@frozen
class Spec:
    """The text and its code blocks."""

    text: str
    blocks: Mapping[BlockName, str]

    @classmethod
    def parse(cls, text: str) -> "Spec":
        """Return the blocks of a Markdown text; no two may have the same name."""
        blocks: dict[BlockName, str] = {}
        heading, label = "", ""
        lines = iter(text.splitlines())
        for line in lines:
            if match := _HEADING.fullmatch(line):
                heading, label = match[1], ""
            elif match := _LABEL.fullmatch(line):
                label = match[1]
            elif match := _FENCE.fullmatch(line):
                name = BlockName(match[1], f"{heading} / {label}" if label else heading)
                assert name not in blocks, f"two blocks are called {name}"
                blocks[name] = "\n".join(iter(lambda: next(lines), "```")) + "\n"
        return cls(text, blocks)

    def of(self, *languages: str) -> set[BlockName]:
        """Return the names of all blocks in these languages."""
        return {name for name in self.blocks if name.language in languages}


def read_spec() -> Spec:
    """Return the specification, or skip the test."""
    path = os.environ.get(VARIABLE, "")
    if not path:
        pytest.skip(f"{VARIABLE} isn't set to the path of the API's specification")
    if not Path(path).is_file():
        pytest.fail(f"{VARIABLE} names {path}, which doesn't exist", pytrace=False)
    return Spec.parse(Path(path).read_text(encoding="utf-8"))
