"""Each rule and kind of fault of `make test-full` is also tested by `make test`."""

import ast
import functools
import re
from collections.abc import Iterator, Mapping
from typing import Final

from documents import PROJECT

TESTS: Final = sorted((PROJECT / "tests").rglob("test_*.py"))
ARCHITECTURE: Final = (PROJECT / "docs/architecture.md").read_text(encoding="utf-8")
LAW: Final = re.compile(r"^\| (I\d+) \| .+? \| (.+?) \| .+? \|$", re.MULTILINE)


def marks(function: ast.FunctionDef) -> Iterator[ast.Call]:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "long":
            yield decorator


def functions() -> Iterator[tuple[str, str | None]]:
    """Yield each test, as `<path>::<name>`, and the test that replaces it in `make test`, if it is long."""
    for path in TESTS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                kept = [ast.literal_eval(mark.keywords[0].value) for mark in marks(node)]
                yield f"{path.relative_to(PROJECT)}::{node.name}", (kept or [None])[0]


@functools.cache
def kept_by() -> Mapping[str, str | None]:
    """Read all tests, once and not while they are collected."""
    return dict(functions())


def long_ones() -> Mapping[str, str]:
    return {name: kept for name, kept in kept_by().items() if kept}


def test_there_are_long_tests() -> None:
    assert long_ones()


def test_a_long_tests_law_is_kept_by_one_that_is_there_and_not_long() -> None:
    missing = {name: kept for name, kept in long_ones().items() if kept not in kept_by()}
    assert missing == {}
    long_itself = {name: kept for name, kept in long_ones().items() if kept in long_ones()}
    assert long_itself == {}


def test_each_law_is_tested_by_files_with_tests_that_are_not_long() -> None:
    laws = dict(LAW.findall(ARCHITECTURE))
    assert len(laws) == 10
    for law, files in laws.items():
        for file in re.findall(r"`(tests/[^`]+\.py)`", files):
            assert any(name.startswith(f"{file}::") and not kept for name, kept in kept_by().items()), (law, file)


def test_every_component_is_broken_in_the_default_tier() -> None:
    """Each file of fault tests is about one component or kind of fault."""
    faults = sorted(path.name for path in TESTS if path.parent.name == "faults")
    assert len(faults) >= 8
    for file in faults:
        mine = [kept for name, kept in kept_by().items() if name.startswith(f"tests/integration/faults/{file}::")]
        assert None in mine, file
