"""Runs the shell blocks of a page one after another in one folder, as a reader would.

Placeholders are replaced from two sources. Addresses, tokens and paths are given when the reader is created; ids and
links that a page shortens by … are those of the latest response on the page:

| In the page | Stands for |
|---|---|
| `img_…`, `job_…`, `album_…` | the latest id of that kind |
| `http://…/files/enhanced/job_….jpg?…` | the latest `enhancedUrl` |
| `photo.jpg`, `cat.jpg`, `holiday/*.jpg` | photographs in the folder |
| `spike serve`, `spike worker` | the same, on a free port, stopped once it is ready |
"""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from attrs import define, field

from documents import Block
from pictures import decoded, encoded, photograph
from preloaded import requests
from running import PATIENCE_S, SPIKE, environment

PICTURES: Final = ("photo.jpg", "cat.jpg", "holiday/beach.jpg", "holiday/harbour.jpg")
CURL: Final = "silent\nshow-error\nfail-with-body\n"  # an answer that is an error fails the command
_START_AND_STOP: Final = Path(__file__).with_name("preload") / "start_and_stop.py"
_LINK: Final = re.compile(r"http://\S+?/files/enhanced/job_…\.jpg\?…")
_ID: Final = re.compile(r"\b(img_|job_|album_)…")
_WRITTEN: Final = re.compile(r"-o (\S+)")
_COMMENT: Final = re.compile(r"\s#.*$", re.MULTILINE)


@define(kw_only=True)
class Reader:
    """A folder, a shell, and the values of the page's fixed placeholders."""

    folder: Path
    stands_for: Mapping[str, str]
    settings: Mapping[str, str] = field(factory=dict)
    answers: list[Any] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        """Create the files that pages refer to."""
        for name in PICTURES:
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(encoded(photograph(size=(480, 320))))
        home = self.folder / "home"
        (home / "bin").mkdir(parents=True)
        (home / ".curlrc").write_text(CURL)
        command = home / "bin" / "spike"
        forked = [sys.executable, "-IS", str(_START_AND_STOP), str(requests().fileno()), SPIKE]
        command.write_text(f'#!/bin/sh\nexec {shlex.join(forked)} "$@"\n')
        command.chmod(0o755)
        given = environment(self.folder, self.settings)
        del given["SPIKE_DATA_DIR"]  # as on the page
        programs = f"{home / 'bin'}:{Path(SPIKE).parent}:{given['PATH']}"
        own = {**given, "HOME": str(home), "PATH": programs}
        self._exported.write_text("".join(f"{name}={value}\0" for name, value in own.items()))

    @property
    def _exported(self) -> Path:
        return self.folder / "home" / "exported"

    @property
    def exported(self) -> Mapping[str, str]:
        """The environment after the blocks so far."""
        pairs = self._exported.read_text().split("\0")
        return dict(pair.split("=", 1) for pair in pairs if "=" in pair)

    def follow(self, block: Block) -> Sequence[Any]:
        """Run a block and return the JSON that it printed.

        Raises:
            AssertionError: a placeholder is unknown, a command failed, or a file wasn't written.
            UnidentifiedImageError: a written file is no picture.
        """
        script = self.filled_in(block.text)
        assert "…" not in _COMMENT.sub("", script), f"{block.place}: unknown placeholder … in\n{script}"
        ran = subprocess.run(
            ["bash", "-c", f"set -euo pipefail\n{script}\nenv -0 > {shlex.quote(str(self._exported))}"],
            cwd=self.folder,
            env=dict(self.exported),
            input=self.typed(script),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
            pass_fds=[requests().fileno()],
            start_new_session=True,  # no terminal: what asks for a password reads it from the input
        )
        assert ran.returncode == 0, f"{block.place}: exit code {ran.returncode}\n{script}\n{ran.stdout}\n{ran.stderr}"
        said = documents_in(ran.stdout)
        self.answers += said
        for name in _WRITTEN.findall(script):
            written = self.folder / name
            pictures = list(written.iterdir()) if written.is_dir() else [written]
            assert pictures, f"{block.place}: nothing is in {name}"
            for picture in pictures:
                decoded(picture.read_bytes())
        return said

    def filled_in(self, text: str) -> str:
        """Return the text with its placeholders replaced."""
        text = _LINK.sub(lambda _: self._last("enhancedUrl", "http"), text)
        text = _ID.sub(lambda match: self._last("", match[1]), text)
        for placeholder, meaning in self.stands_for.items():
            text = text.replace(placeholder, meaning)
        return text

    @staticmethod
    def typed(script: str) -> str:
        """Return the input that a reader types: a password, twice."""
        return "password\npassword\n" if "--pwprompt" in script else ""

    def _last(self, name: str, prefix: str) -> str:
        """Return the latest text in a response with this name (any, if empty) and prefix."""
        found = [text for answer in self.answers for key, text in texts(answer) if not name or key == name]
        [*_, last] = [text for text in found if text.startswith(prefix)] or [f"{prefix}…"]
        return last


def documents_in(printed: str) -> Sequence[Any]:
    """Return the JSON objects that were printed, one after another or among other lines."""
    found, position, decoder = [], 0, json.JSONDecoder()
    while (position := printed.find("{", position)) >= 0:
        try:
            document, position = decoder.raw_decode(printed, position)
        except json.JSONDecodeError:
            position += 1
        else:
            found.append(document)
    return found


def texts(value: Any, key: str = "") -> Sequence[tuple[str, str]]:
    """Return all texts in a JSON value with the names that they have."""
    match value:
        case dict():
            return [pair for name, inner in value.items() for pair in texts(inner, name)]
        case list():
            return [pair for inner in value for pair in texts(inner, key)]
        case str():
            return [(key, value)]
        case _:
            return []


def shape(value: Any) -> Any:
    """Return the structure of a response: names and types, without values."""
    match value:
        case dict():
            return {name: shape(inner) for name, inner in value.items()}
        case list():
            return [shape(inner) for inner in value]
        case None:
            return None
        case _:
            return type(value).__name__
