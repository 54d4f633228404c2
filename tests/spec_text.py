"""The API's specification, where somebody has it at hand: its code blocks, by what they stand under.

The text isn't ours and isn't in this repository. `SPIKE_TEST_SPEC` says where it is; tests that need it are skipped
where it isn't.
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
    """A code block's language and place: a heading, and the bold line before the block where there is one."""

    language: str
    place: str

    def __str__(self) -> str:
        """Return what a test is called by."""
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
        pytest.skip(f"{VARIABLE} doesn't say where the API's specification is")
    if not Path(path).is_file():
        pytest.fail(f"{VARIABLE} names {path}, where there is no file", pytrace=False)
    return Spec.parse(Path(path).read_text(encoding="utf-8"))
