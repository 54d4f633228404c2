"""`python -m spike_contracts storage.file`: run the suites of an installed adapter.

`spike contracts` does so with the options that the settings have for the adapter.
"""

import argparse
import pickle
import sys

from spike_contracts.installed import NotRunnable, run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m spike_contracts", description="Run an adapter's contract suites.")
    parser.add_argument("name", help="the adapter's entry point, as in storage.file")
    parser.add_argument("url", nargs="?", default="", help="where it works; default: a temporary folder")
    parser.add_argument("--lost-url", default="", help="where nothing answers")
    parser.add_argument(
        "--pickled-arguments", action="store_true", help="take arguments for the factory from standard input, pickled"
    )
    given, options = parser.parse_known_args()
    pickled = sys.stdin.buffer if given.pickled_arguments else None
    arguments, lost_arguments = pickle.load(pickled) if pickled else (None, None)  # noqa: S301  # of our own parent
    try:
        sys.exit(
            run(
                given.name,
                url=given.url,
                lost_url=given.lost_url,
                arguments=arguments,
                lost_arguments=lost_arguments,
                options=options,
            )
        )
    except NotRunnable as error:
        print(f"spike: {error}", file=sys.stderr)  # noqa: T201  # it is a command
        sys.exit(2)
