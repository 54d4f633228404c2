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

from corpus import CORPUS, OddFile, strays
from effort import staggered
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


def corpus_of(engine: str) -> Mapping[str, OddFile]:
    """Return the files for an engine. Networks are slow and share the decoding: `make test` gives them an eighth."""
    return CORPUS if engine == "classical" else dict(staggered(list(CORPUS.items()), step=8))


def answers(engine: str, folder: Path) -> Mapping[str, Any]:
    """Return the process's output for each file; its results are in `folder`, below `made`."""
    files, made = folder / "files", folder / "made"
    files.mkdir()
    made.mkdir()
    for name, file in corpus_of(engine).items():
        (files / NAMES[name]).write_bytes(file.make())
    run = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            Path(__file__).with_name("run_corpus.py"),
            engine,
            files,
            made,
            str(SPARE_MB.get(engine, SPARE_MB_ELSE)),
        ],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=ALL_S_MAX,
        check=False,
    )
    results = {line["name"]: line for line in map(json.loads, run.stdout.splitlines())}
    assert run.returncode == 0, (run.stderr, list(results)[-1:])
    return results


def complaint(file: OddFile, answer: Mapping[str, Any], made: Path) -> str:
    """Return what is wrong with a result, or an empty text."""
    if answer["cpu_s"] >= CPU_S_MAX:
        return f"took {answer['cpu_s']} s"
    error = file.verdict.__name__ if isinstance(file.verdict, type) else ""
    if [answer[each] for each in ("looked", "error")] != [error] * 2:
        return f"should be {error or 'taken'}, is {answer}"
    if error:
        return "something was made" if made.exists() else ""
    return strays(decoded(made.read_bytes()), file)


@pytest.mark.parametrize("engine", ENGINES)
def test_odd_files_show_what_they_should_or_end_in_their_error(engine: str, tmp_path: Path) -> None:
    """One process handles all files, so there is one test: several would repeat it in each pytest worker."""
    results = answers(engine, tmp_path)
    corpus = corpus_of(engine)
    made = {name: tmp_path / "made" / NAMES[name] for name in corpus}
    complaints = {name: complaint(file, results[NAMES[name]], made[name]) for name, file in corpus.items()}
    assert {name: text for name, text in complaints.items() if text} == {}
