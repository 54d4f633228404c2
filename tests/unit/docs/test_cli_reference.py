"""`docs/reference/cli.md` documents every command with its arguments and options, and nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from spike_cli.main import spike

PAGE: Final = (Path(__file__).parents[3] / "docs/reference/cli.md").read_text(encoding="utf-8")
HEADING: Final = re.compile(r"^## `(.+)`$", re.MULTILINE)
ROW: Final = re.compile(r"^\| `([^`]+)` \| (.*?) ?\| (.+) \|$", re.MULTILINE)


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Yield the group and all its subcommands."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    if name == "spike":
        yield name, command
    for part, inner in command.commands.items():
        yield from commands(inner, f"{name} {part}")


def parameters(command: click.Command) -> dict[str, str]:
    """Return the names of arguments and options, with the defaults that `--help` shows."""
    found = {}
    for parameter in command.params:
        name = parameter.opts[0] if isinstance(parameter, click.Option) else parameter.human_readable_name
        is_shown = isinstance(parameter, click.Option) and parameter.show_default
        found[name] = f"`{parameter.default}`" if is_shown else ""
    return found


def section(command: str) -> str:
    return PAGE.partition(f"## `{command}`\n")[2].partition("\n## ")[0]


def test_every_command_is_documented_and_none_else() -> None:
    assert sorted(HEADING.findall(PAGE)) == sorted(name for name, _ in commands(spike, "spike"))


def test_every_argument_and_option_is_documented_with_its_default_and_none_else() -> None:
    for name, command in commands(spike, "spike"):
        documented = {parameter: default for parameter, default, _ in ROW.findall(section(name))}
        assert documented == parameters(command), name
