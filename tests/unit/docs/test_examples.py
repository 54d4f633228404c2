"""Every Python example in the documentation runs unchanged."""

import runpy
from pathlib import Path
from typing import Final

import pytest

from documents import Block, all_blocks
from pictures import decoded, encoded, photograph

EXAMPLES: Final = [block for block in all_blocks("python") if not block.not_run]
LINES_MAX: Final = 19  # an embedding example has under twenty


def embedding_examples() -> list[str]:
    return [block.text for block in EXAMPLES if "enhanced.jpg" in block.text]


@pytest.mark.parametrize("block", {block.text: block for block in EXAMPLES}.values(), ids=lambda block: block.place)
def test_an_example_runs_beside_a_photograph(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If it writes enhanced.jpg, that has the longest side of TIER_1K."""
    (tmp_path / "photo.jpg").write_bytes(encoded(photograph()))
    script = tmp_path / "example.py"
    script.write_text(block.text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script))
    written = tmp_path / "enhanced.jpg"
    assert written.exists() == ("enhanced.jpg" in block.text)
    if written.exists():
        assert max(decoded(written.read_bytes()).size) == 1024


def test_the_embedding_example_runs_again_on_the_same_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photo.jpg").write_bytes(encoded(photograph(size=(64, 48))))
    (tmp_path / "example.py").write_text(embedding_examples()[0], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        runpy.run_path("example.py")


def test_embedding_takes_under_twenty_lines() -> None:
    shown = embedding_examples()
    assert shown, "docs/howto/embed.md has one"
    assert [code for code in shown if len(code.splitlines()) > LINES_MAX] == []


def test_the_same_embedding_example_is_shown_everywhere() -> None:
    assert len(set(embedding_examples())) == 1
