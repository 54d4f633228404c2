"""Every Python example in the documentation runs unchanged."""

import ast
import importlib
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from documents import Block, all_blocks
from forked_children import forked_children
from pictures import decoded, encoded, photograph

EXAMPLES: Final = [block for block in all_blocks("python") if not block.not_run]
FOR_ADAPTERS: Final = {"write-an-adapter.md", "add-an-upscaler.md"}  # which import adapters and suites of ours
PUBLIC: Final = {
    "spike",
    "spike_core",
    "spike_core.errors",
    "spike_core.ports",
    "spike_core.testing",
    "spike_runtime",
    "spike_worker",
    "spike_http",
}
OF_AN_APPS_DATABASE: Final = frozenset({"from_engine", "open_sqlite", "open_postgres"})  # of spike_sqlalchemy
LINES_MAX: Final = 19  # an embedding example has under twenty


def embedding_examples() -> list[str]:
    return [block.text for block in EXAMPLES if "enhanced.jpg" in block.text]


RUNS_TWICE: Final = embedding_examples()[0]  # below
ONCE: Final = {block.text: block for block in EXAMPLES if block.text != RUNS_TWICE}


@pytest.fixture(scope="module", autouse=True)
def _forked() -> Iterator[None]:
    """Fork the sandbox's children, which would take most of the time to start."""
    with forked_children():
        yield


@pytest.mark.parametrize("block", ONCE.values(), ids=lambda block: block.place)
def test_an_example_runs_beside_a_photograph(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If it writes enhanced.jpg, that has the longest side of TIER_1K."""
    monkeypatch.chdir(tmp_path)
    run(block.text, tmp_path)


def run(text: str, folder: Path) -> None:
    (folder / "photo.jpg").write_bytes(encoded(photograph(size=(150, 100))))
    script = folder / "example.py"
    script.write_text(text, encoding="utf-8")
    runpy.run_path(str(script))
    written = folder / "enhanced.jpg"
    assert written.exists() == ("enhanced.jpg" in text)
    if written.exists():
        assert max(decoded(written.read_bytes()).size) == 1024


def test_the_embedding_example_runs_and_again_on_the_same_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        run(RUNS_TWICE, tmp_path)
        (tmp_path / "enhanced.jpg").unlink()


def test_embedding_takes_under_twenty_lines() -> None:
    shown = embedding_examples()
    assert shown, "docs/howto/embed.md has one"
    assert [code for code in shown if len(code.splitlines()) > LINES_MAX] == []


def public_names(module: str) -> frozenset[str]:
    if module == "spike_sqlalchemy":
        return OF_AN_APPS_DATABASE
    return frozenset(importlib.import_module(module).__all__ if module in PUBLIC else ())


def private_imports(text: str) -> Iterator[str]:
    """Yield what an example imports of Spike though docs/reference/stability.md doesn't list it."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (module := node.module or "").startswith("spike"):
            yield from (f"{module}.{alias.name}" for alias in node.names if alias.name not in public_names(module))
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("spike"))


def test_examples_for_apps_import_public_names_alone() -> None:
    of_apps = [block for block in all_blocks("python") if block.page.name not in FOR_ADAPTERS]
    found = [(block.place, name) for block in of_apps for name in private_imports(block.text)]
    assert found == []


def test_the_same_embedding_example_is_shown_everywhere() -> None:
    assert len(set(embedding_examples())) == 1
