"""Tests in forked processes."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from parallel import Schedule

TESTS: Final = Path(__file__).parents[1]
FILES: Final = {
    "test_one.py": """
        import pytest

        @pytest.fixture(scope="session")
        def shared(tmp_path_factory, worker_id):
            folder = tmp_path_factory.mktemp("shared")
            assert folder.parent.name == f"popen-{worker_id}"
            yield folder
            (folder.parents[1] / f"ended-{worker_id}").touch()

        def test_passes(shared):
            print("unseen")

        def test_fails(shared):
            print("seen")
            assert shared == 1

        @pytest.mark.skip(reason="why not")
        def test_is_skipped():
            pass
        """,
    "test_two.py": """
        import os

        def test_ends_its_process():
            os._exit(3)

        def test_is_run_by_another():
            pass
        """,
    "test_three.py": "def test_passes():\n    pass\n",
}


def test_outcomes_are_reported_and_a_process_that_ends_fails_one_test(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text("\n".join(line.removeprefix(" " * 8) for line in text.splitlines()))
    options = [
        "-p",
        "parallel",
        "-p",
        "no:cacheprovider",
        "--processes=2",
        "--basetemp",
        str(tmp_path / "temp"),
        "-rfs",
    ]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        env={"PYTHONPATH": str(TESTS)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (1, "")
    assert sorted(re.findall(r"^(?:FAILED|SKIPPED) .*?(?=[/(]|$)", ran.stdout, re.MULTILINE)) == [
        "FAILED test_one.py::test_fails - AssertionError: assert PosixPath",
        "FAILED test_two.py::test_ends_its_process - its process ended with 3",
        "SKIPPED [1] test_one.py:18: why not",
    ], ran.stdout
    assert "2 failed, 3 passed, 1 skipped" in ran.stdout
    assert [line for line in ran.stdout.splitlines() if line in {"seen", "unseen"}] == ["seen"]
    assert len(list((tmp_path / "temp").glob("ended-gw*"))) == 1


def test_a_process_stays_in_its_folder_and_then_helps_where_most_is_left() -> None:
    paths = ["web/a", "web/a", "web/b", "web/c", "data/a", "data/b", "core/a", "web/d"]
    schedule = Schedule.of(paths, {"web": 50.0, "data": 60.0})
    given = [list(schedule.next_for(process)) for process in (0, 1, 0, 0, 1, 2, 0, 1)]
    assert given == [[4], [0, 1], [5], [6], [2], [3], [7], []]
    schedule.put_back("web/d", [7])
    assert (schedule.next_for(5), schedule.next_for(6)) == ([7], ())
