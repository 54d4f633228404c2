"""The entry point of the `spike` command, which also starts where its extra isn't installed, to say so."""

import sys
from typing import Final

_MISSING: Final = 1


def main() -> None:
    """Run the command; without the packages that it needs, say on standard error what to install, and exit with 1."""
    try:
        from spike_cli.main import main as run  # noqa: PLC0415  # whether it can be imported is the question
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name.startswith("spike_"):
            raise
        print(
            f'spike: the command needs {name!r}, which isn\'t installed: pip install "spike-core[cli]"', file=sys.stderr
        )
        sys.exit(_MISSING)
    run()
