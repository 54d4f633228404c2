"""`spike contracts`: whether an installed adapter keeps its port's laws."""

import subprocess
import sys
from importlib.util import find_spec
from typing import Final

import click

_NEEDED: Final = ("pytest", "hypothesis")


@click.command()
@click.argument("name")
@click.argument("url", required=False, default="")
@click.option("--lost-url", default="", help="A URL at which nothing answers, for the laws about outages.")
def contracts(name: str, url: str, lost_url: str) -> None:
    """Run the contract suites against an installed adapter, such as storage.file; exit 1 if it breaks a law.

    The suites delete what is at URL. By default an adapter of files works in a temporary folder.
    """
    missing = [module for module in _NEEDED if find_spec(module) is None]
    if missing:
        raise click.ClickException(f'{missing[0]} isn\'t installed: pip install "spike-core[contracts]"')
    # another process, since only tests import the suites, which change how Python compiles assertions
    command = [sys.executable, "-m", "spike_contracts", name, *([url] if url else []), f"--lost-url={lost_url}"]
    sys.exit(subprocess.run(command, check=False).returncode)  # noqa: S603  # our own module
