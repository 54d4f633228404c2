"""Run `spike`, but end `serve` and `worker` as soon as they are ready, so that a page's next block can run.

    python start_and_stop.py SPIKE serve …

`serve` gets a free port. Both receive SIGTERM once they are ready; the exit code is the command's.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

READY: Final = {"serve": '"serving"', "worker": '"working"'}  # log events


def start_and_stop(spike: str, arguments: Sequence[str]) -> int:
    """Start the command, wait until it is ready, stop it with SIGTERM, and return its exit code."""
    command = [spike, *arguments, *(["--port", "0"] if arguments[0] == "serve" else [])]
    awaited = int(arguments[arguments.index("--processes") + 1]) if "--processes" in arguments else 1
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(line)
            awaited -= READY[arguments[0]] in line
            if not awaited:
                process.send_signal(signal.SIGTERM)
                awaited = -1
    return process.returncode if awaited < 0 else process.returncode or 1


if __name__ == "__main__":
    spike, *arguments = sys.argv[1:]
    if arguments and arguments[0] in READY and "--help" not in arguments:
        sys.exit(start_and_stop(spike, arguments))
    os.execv(spike, [spike, *arguments])  # noqa: S606  # it becomes the command
