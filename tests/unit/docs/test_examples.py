"""Every Python example in the documents runs as it stands."""

import re
import runpy
from pathlib import Path
from typing import Final

import pytest

from pictures import decoded, encoded, photograph

PROJECT: Final = Path(__file__).parents[3]
PAGES: Final = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
BLOCK: Final = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINES_MAX: Final = 19  # an embedding example has under twenty


def blocks(page: Path) -> list[str]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


EXAMPLES: Final = [
    pytest.param(code, id=f"{page.relative_to(PROJECT)}-{number}")
    for page in PAGES
    for number, code in enumerate(blocks(page), start=1)
]


def embedding_examples() -> list[str]:
    return [code for page in PAGES for code in blocks(page) if "enhanced.jpg" in code]


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_runs_beside_a_photograph(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that writes enhanced.jpg writes a picture at the longest side of TIER_1K."""
    (tmp_path / "photo.jpg").write_bytes(encoded(photograph()))
    script = tmp_path / "example.py"
    script.write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script))
    written = tmp_path / "enhanced.jpg"
    assert written.exists() == ("enhanced.jpg" in code)
    if written.exists():
        assert max(decoded(written.read_bytes()).size) == 1024


def test_embedding_takes_under_twenty_lines() -> None:
    shown = embedding_examples()
    assert shown, "docs/howto/embed.md has one"
    assert [code for code in shown if len(code.splitlines()) > LINES_MAX] == []


def test_the_same_embedding_example_is_shown_everywhere() -> None:
    assert len(set(embedding_examples())) == 1
