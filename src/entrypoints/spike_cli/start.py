"""The entry point of the `spike` command, which also starts where it can't run, to say why."""

import gc
import sys
from typing import Final

_FAILED: Final = 1


def main() -> None:
    """Run the command; without packages that it needs, or without POSIX, say so on standard error and exit with 1.

    Imports leave no garbage: a tenth of their time would go to looking for it, and later collections would look at
    what they made again and again.
    """
    gc.disable()
    try:
        from spike_cli.main import main as run  # noqa: PLC0415  # whether it can be imported is the question
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name.startswith("spike_"):
            raise
        print(
            f'spike: the command needs {name!r}, which isn\'t installed: pip install "spike-core[cli]"', file=sys.stderr
        )
        sys.exit(_FAILED)
    except ImportError as error:
        # its class can't be imported here, since the package that has it refuses to be
        if type(error).__name__ != "UnsupportedPlatform":
            raise
        print(f"spike: {error}", file=sys.stderr)
        sys.exit(_FAILED)
    finally:
        gc.freeze()
        gc.enable()
    run()
