"""`docs/lessons.md` names tests for every lesson, and all of them exist."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[3]
LESSONS: Final = 24
ROW: Final = re.compile(r"^\| (\d+) \| .+ \| .+ \| (.+) \|$", re.MULTILINE)
TEST: Final = re.compile(r"`(tests/[^`]+::test_\w+)`|`(tests/[^`]+::Test\w+::test_\w+)`")

PAGE: Final = (PROJECT / "docs/lessons.md").read_text(encoding="utf-8")


def test_every_lesson_names_its_tests() -> None:
    rows = {int(number): TEST.findall(tests) for number, tests in ROW.findall(PAGE)}
    assert list(rows) == list(range(1, LESSONS + 1))
    assert [number for number, tests in rows.items() if not tests] == []


def test_every_test_that_a_lesson_names_is_collected() -> None:
    """An id that pytest doesn't find is an error of its own."""
    named = sorted({plain or of_class for plain, of_class in TEST.findall(PAGE)})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *named]
    collected = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)
    assert collected.returncode == 0, collected.stdout
    found = {line.partition("[")[0] for line in collected.stdout.splitlines() if "::" in line}
    assert found == set(named)
