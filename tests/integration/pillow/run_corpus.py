"""A process of its own, for the test of the corpus: enhance every file of a folder with so many MB to spare.

Prints, for each file, a line of JSON: its name, the error or the name of what was written, and the seconds it took.
"""

import json
import resource
import sys
import time
from pathlib import Path

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import SpikeError
from spike_runtime import Settings, build_offline

SIDE_PX_MAX = 1024
_PAGES_FILE = Path("/proc/self/statm")


def main() -> None:
    """Read the engine's name, two folders and the megabytes from the command line."""
    engine, files, made, spare_mb = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    enhancement = build_offline(Settings(upscaler=engine)).enhancement
    if _PAGES_FILE.exists():
        in_use = int(_PAGES_FILE.read_text().split()[0]) * resource.getpagesize()
        limit = in_use + spare_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for file in sorted(files.iterdir()):
        start = time.process_time()
        answer = {"name": file.name, "looked": "", "error": ""}
        size = Dimensions(width_px=64, height_px=64)  # where the probe refuses: the engine must hold without it
        with file.open("rb") as content:
            try:
                seen = enhancement.probe.inspect(content).dimensions
                size = seen.scaled_to(min(SIDE_PX_MAX, 2 * seen.longest_side_px))
            except SpikeError as error:
                answer["looked"] = type(error).__name__
            content.seek(0)
            try:
                (made / file.name).write_bytes(enhancement.upscaler.enhance(content, size=size).content)
            except SpikeError as error:
                answer["error"] = type(error).__name__
        print(json.dumps({**answer, "cpu_s": time.process_time() - start}), flush=True)  # noqa: T201  # the answer


if __name__ == "__main__":
    main()
