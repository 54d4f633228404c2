"""Every code block of the documentation is run or parsed by a test; those that can't be run state the reason."""

import re
import shlex
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import click
import pytest

from documents import DIRECTIVE, PAGES, PROJECT, Block, all_blocks, blocks, marks
from spike_cli.main import spike

TESTED_BY: Final = {
    "python": "tests/unit/docs/test_examples.py",
    "sh": "tests/integration/docs/test_shell.py",
    "json": "tests/unit/docs/test_samples.py",
    "toml": "tests/unit/docs/test_blocks.py",
    "nginx": "tests/integration/docs/test_nginx.py",
    "js": "tests/integration/docs/test_javascript.py",
    "text": "",  # drawings and what programs print: nothing to run
}
# The blocks that aren't run. Before adding one, check whether it can be run after all.
NOT_RUN: Final = Counter(
    {
        "ids are made up; tests/unit/docs/test_curl_lines.py sends the requests": 60,
        "Claude Code isn't among the development requirements": 2,
        "needs a server elsewhere; tests/unit/cli/test_remote.py enhances by one": 1,
        "needs Docker": 1,
        "needs Redis; tests/integration/examples/test_gunicorn.py starts gunicorn with one worker": 1,
        "gunicorn is a server; tests/integration/examples/test_gunicorn.py starts it": 2,
        "needs a Django project; tests/unit/docs/test_mounting.py runs it in one": 1,
        "needs Flask; tests/unit/docs/test_mounting.py runs it with a stand-in for it": 1,
        "needs a2wsgi; tests/unit/docs/test_mounting.py runs it with Starlette's middleware": 1,
        "needs systemd and root": 3,
        "serves until it is ended": 2,
        "the AWS command line isn't among the development requirements": 1,
    }
)
DRAWINGS: Final = 5
INLINE_COMMAND: Final = re.compile(r"`spike ([^`]+)`")


def unmarked() -> Iterator[Block]:
    return (block for page in PAGES for block in blocks(page) if not block.not_run)


def marked() -> Sequence[Block]:
    return [block for page in PAGES for block in blocks(page) if block.not_run]


def resolved(words: Sequence[str]) -> tuple[click.Command, Sequence[str]]:
    """Return the command that these words name, and the remaining words, its arguments."""
    command: click.Command = spike
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    return command, words


def arguments_of_spike(words: Sequence[str]) -> Sequence[str]:
    """Return the arguments of `spike` in a line that isn't run: in a container, in a new one, or by its path."""
    if "compose" in words and "run" in words:
        return words[words.index("run") + 3 :]  # behind `run --rm SERVICE`
    if "exec" in words:
        return words[words.index("spike") + 1 :]
    programs = [number for number, word in enumerate(words) if word.endswith("/bin/spike")]
    return words[programs[0] + 1 :] if programs else []


def test_every_block_is_in_a_language_that_a_test_knows() -> None:
    languages = {block.language: block.place for block in unmarked() if not DIRECTIVE.fullmatch(block.language)}
    assert languages.keys() == TESTED_BY.keys(), languages
    assert [path for path in TESTED_BY.values() if not (PROJECT / path).exists()] == []


def test_what_is_not_run_is_counted_by_its_reason() -> None:
    assert Counter(block.not_run for block in marked()) == NOT_RUN
    assert len(all_blocks("text")) == DRAWINGS


def test_every_mark_is_right_before_a_block_and_gives_a_reason() -> None:
    assert [page for page in PAGES if marks(page) != sum(1 for block in blocks(page) if block.not_run)] == []


@pytest.mark.parametrize("block", marked(), ids=lambda block: block.place)
def test_what_is_not_run_is_still_read(block: Block) -> None:
    """The shell or Python can parse it; its `spike` commands, make targets and project files exist."""
    if block.language == "python":
        compile(block.text, block.place, "exec")
        return
    assert block.language == "sh"
    checked = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, timeout=60, check=False)
    assert not checked.stderr
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    for line in block.text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["make"]:
            assert re.search(rf"^{words[1]}:", makefile, re.MULTILINE), line
        if ours := arguments_of_spike(words):
            command, arguments = resolved(ours)
            assert not isinstance(command, click.Group), line
            command.make_context(command.name, list(arguments))  # which parses them
        for word in words:
            if word.startswith("deploy/") and word != "deploy/.env":  # which the reader makes
                assert list(PROJECT.glob(word)), f"{block.place}: {word}"


def test_commands_in_the_text_exist() -> None:
    named = [command for page in PAGES for command in INLINE_COMMAND.findall(page.read_text(encoding="utf-8"))]
    assert named
    for documented in named:
        command, left = resolved(documented.split())
        assert command is not spike or left[0].startswith("-"), documented
        assert not isinstance(command, click.Group) or command is spike or not left, documented


@pytest.mark.parametrize("block", all_blocks("toml"), ids=lambda block: block.place)
def test_toml_is_toml(block: Block) -> None:
    """The settings' sample is also loaded, and adapters have the names of the worked example's entry points."""
    parsed: dict[str, Any] = tomllib.loads(block.text)
    if "project" in parsed:
        assert list(parsed["project"]["entry-points"]) in (
            ["spike.adapters"],
            ["spike.subscribers"],
            ["spike.policies"],
        )
    if "gentle" in block.text:
        example = tomllib.loads((PROJECT / "examples/spike_gentle/pyproject.toml").read_text(encoding="utf-8"))
        assert parsed["project"]["entry-points"] == example["project"]["entry-points"]
