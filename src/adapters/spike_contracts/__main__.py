"""`python -m spike_contracts storage.file`: run the suites of an installed adapter; `spike contracts` does the same."""

import argparse
import sys

from spike_contracts.installed import NotRunnable, run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m spike_contracts", description="Run an adapter's contract suites.")
    parser.add_argument("name", help="the adapter's entry point, as in storage.file")
    parser.add_argument("url", nargs="?", default="", help="where it works; default: a temporary folder")
    parser.add_argument("--lost-url", default="", help="where nothing answers")
    arguments, options = parser.parse_known_args()
    try:
        sys.exit(run(arguments.name, url=arguments.url, lost_url=arguments.lost_url, options=options))
    except NotRunnable as error:
        print(f"spike: {error}", file=sys.stderr)  # noqa: T201  # it is a command
        sys.exit(2)
