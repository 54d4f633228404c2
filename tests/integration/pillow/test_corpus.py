"""Every odd and hostile file through the probe and every engine that is installed: the right picture, or our error.

A process with little memory takes them all, one after the other; one that falls takes the rest down with it.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

import pytest

from corpus import CORPUS, strays
from pictures import decoded

ENGINES: Final = sorted(
    point.name.removeprefix("upscaler.")
    for point in entry_points(group="spike.adapters")
    if point.name.startswith("upscaler.") and point.value.startswith("spike_")
)
SPARE_MB: Final = {"classical": 250}
SPARE_MB_ELSE: Final = 1500  # networks have weights and wide layers
CPU_S_MAX: Final = 30  # a hang guard; the slowest takes a tenth of it
ALL_S_MAX: Final = 580
NAMES: Final = {name: f"{index:03}" for index, name in enumerate(CORPUS)}


@pytest.fixture(scope="module", params=ENGINES)
def answers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, Any]]:
    """Return the folder of what was made, and what the process said of each file."""
    folder = tmp_path_factory.mktemp("corpus")
    files, made = folder / "files", folder / "made"
    files.mkdir()
    made.mkdir()
    for name, file in CORPUS.items():
        (files / NAMES[name]).write_bytes(file.make())
    run = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            Path(__file__).with_name("run_corpus.py"),
            request.param,
            files,
            made,
            str(SPARE_MB.get(request.param, SPARE_MB_ELSE)),
        ],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=ALL_S_MAX,
        check=False,
    )
    told = {line["name"]: line for line in map(json.loads, run.stdout.splitlines())}
    assert run.returncode == 0, (run.stderr, list(told)[-1:])
    return made, told


@pytest.mark.parametrize("name", CORPUS)
def test_an_odd_file_shows_what_it_should_or_ends_in_its_error(
    answers: tuple[Path, Mapping[str, Any]], name: str
) -> None:
    made, told = answers
    file, answer = CORPUS[name], told[NAMES[name]]
    assert answer["cpu_s"] < CPU_S_MAX
    if isinstance(file.verdict, type):
        assert [answer[each] for each in ("looked", "error")] == [file.verdict.__name__] * 2
        assert not (made / NAMES[name]).exists()
    else:
        assert [answer[each] for each in ("looked", "error")] == [""] * 2
        assert strays(decoded((made / NAMES[name]).read_bytes()), file) == ""
