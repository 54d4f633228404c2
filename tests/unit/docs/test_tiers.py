"""Each rule and kind of fault of `make test-full` is also tested by `make test`."""

import ast
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from documents import PROJECT

TESTS: Final = sorted((PROJECT / "tests").rglob("test_*.py"))
ARCHITECTURE: Final = (PROJECT / "docs/architecture.md").read_text(encoding="utf-8")
LAW: Final = re.compile(r"^\| (I\d+) \| .+? \| (.+?) \| .+? \|$", re.MULTILINE)


def kept(node: ast.FunctionDef | ast.ClassDef) -> str | None:
    """Return the test that replaces a function or class in `make test`, if it is long."""
    for mark in node.decorator_list:
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "long":
            return str(ast.literal_eval(mark.keywords[0].value))
    return None


def functions(nodes: Iterable[ast.AST], whole: str | None = None) -> Iterator[tuple[str, str | None]]:
    """Yield each test, and the one that replaces it in `make test`, if it or its class is long."""
    for node in nodes:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name, whole or kept(node)
        elif isinstance(node, ast.ClassDef):
            if replacement := kept(node):
                yield node.name, replacement
            yield from functions(node.body, whole or kept(node))


@functools.cache
def trees() -> Mapping[Path, ast.Module]:
    """Parse all tests, once and not while they are collected."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in TESTS}


@functools.cache
def kept_by() -> Mapping[str, str | None]:
    """Return, for each test, `<path>::<name>`, the one that replaces it in `make test`, if it is long."""
    return {
        f"{path.relative_to(PROJECT)}::{name}": replacement
        for path, tree in trees().items()
        for name, replacement in functions(tree.body)
    }


def long_ones() -> Mapping[str, str]:
    return {name: other for name, other in kept_by().items() if other}


def test_there_are_long_tests() -> None:
    assert long_ones()


def test_a_long_tests_law_is_kept_by_one_that_is_there_and_not_long() -> None:
    assert {name: other for name, other in long_ones().items() if other not in kept_by()} == {}
    assert {name: other for name, other in long_ones().items() if other in long_ones()} == {}


def test_an_adapter_is_held_to_each_of_its_suites_in_the_default_tier() -> None:
    """A class of an adapter's tests may only be long if another one in its folder inherits the same suite and isn't."""
    suites: dict[bool, set[tuple[Path, str]]] = {True: set(), False: set()}
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                names = (base.id for base in node.bases if isinstance(base, ast.Name))
                suites[kept(node) is not None] |= {(path.parent, name) for name in names if name.endswith("Contract")}
    assert len(suites[False]) > 50
    assert suites[True] - suites[False] == set()


def test_each_law_is_tested_by_files_with_tests_that_are_not_long() -> None:
    laws = dict(LAW.findall(ARCHITECTURE))
    assert len(laws) == 10
    for law, files in laws.items():
        for file in re.findall(r"`(tests/[^`]+\.py)`", files):
            assert any(name.startswith(f"{file}::") and not other for name, other in kept_by().items()), (law, file)


def test_every_component_is_broken_in_the_default_tier() -> None:
    """Each file of fault tests is about one component or kind of fault."""
    faults = sorted(path.name for path in TESTS if path.parent.name == "faults")
    assert len(faults) >= 8
    for file in faults:
        mine = [other for name, other in kept_by().items() if name.startswith(f"tests/integration/faults/{file}::")]
        assert None in mine, file
