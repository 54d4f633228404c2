"""A separate process for the test of bombs: probe files with limited additional memory, and print their errors."""

import resource
import sys
from pathlib import Path

import imagecodecs  # noqa: F401  # readers of TIFF: what they map when they are loaded is no decoding
import numpy as np  # noqa: F401
import tifffile  # noqa: F401

from spike_core.domain.errors import SpikeError
from spike_pillow import PillowProbe

_PAGES_FILE = Path("/proc/self/statm")


def main() -> None:
    """Read the megabytes and the files' names from the command line."""
    spare_mb = int(sys.argv[1])
    if _PAGES_FILE.exists():  # elsewhere the refusal alone is checked
        in_use = int(_PAGES_FILE.read_text().split()[0]) * resource.getpagesize()
        limit = in_use + spare_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for file in sys.argv[2:]:
        with Path(file).open("rb") as content:
            try:
                PillowProbe().inspect(content)
            except SpikeError as error:
                sys.stdout.write(f"{Path(file).name}: {type(error).__name__}\n")


if __name__ == "__main__":
    main()
