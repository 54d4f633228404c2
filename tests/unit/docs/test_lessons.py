"""`docs/lessons.md` names tests for every lesson, and all of them exist."""

import functools
import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

PROJECT: Final = Path(__file__).parents[3]
LESSONS: Final = 24
ROW: Final = re.compile(r"^\| (\d+) \| .+ \| .+ \| (.+) \|$", re.MULTILINE)
TEST: Final = re.compile(r"`(tests/[^`]+::test_\w+)`|`(tests/[^`]+::Test\w+::test_\w+)`")

PAGE: Final = (PROJECT / "docs/lessons.md").read_text(encoding="utf-8")


def test_every_lesson_names_its_tests() -> None:
    rows = {int(number): TEST.findall(tests) for number, tests in ROW.findall(PAGE)}
    assert list(rows) == list(range(1, LESSONS + 1))
    assert [number for number, tests in rows.items() if not tests] == []


@functools.cache
def module(path: str) -> ModuleType | None:
    """Import a file of tests; None if there is no such file."""
    if not (PROJECT / path).is_file():
        return None
    spec = importlib.util.spec_from_file_location(path.replace("/", "_").removesuffix(".py"), PROJECT / path)
    assert spec is not None
    assert spec.loader is not None
    imported = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(imported)
    return imported


def defined(test: str) -> bool:
    """Return whether a test, `<path>::<name>` or `<path>::<class>::<name>`, is in that file, inherited or written."""
    path, *names = test.split("::")
    return functools.reduce(lambda owner, name: getattr(owner, name, None), names, module(path)) is not None


def test_every_test_that_a_lesson_names_is_defined() -> None:
    named = {plain or of_class for plain, of_class in TEST.findall(PAGE)}
    assert [test for test in sorted(named) if not defined(test)] == []


@pytest.mark.parametrize("test", ["tests/unit/docs/test_lessons.py::test_none", "tests/test_none.py::test_none"])
def test_a_test_that_does_not_exist_is_noticed(test: str) -> None:
    assert not defined(test)
