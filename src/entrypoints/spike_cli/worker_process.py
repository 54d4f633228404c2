"""`python -m spike_cli.worker_process`: one of the processes that `spike worker` keeps alive.

It shuts down when its standard input is closed.
"""

import logging
import os
import sys

from spike_cli.opening import opened
from spike_core.domain.errors import SpikeError
from spike_runtime import WrongSettings
from spike_worker.process import ShutdownSignal, work_until


def main() -> None:
    """Work until a shutdown is requested, then exit."""
    end = ShutdownSignal()
    end.listen(sys.stdin.fileno())
    try:
        with opened() as spike:
            why = work_until(lambda seconds: end.has_come(within_s=seconds), spike)
    except (SpikeError, WrongSettings) as error:
        print(f"spike: {error}", file=sys.stderr)
        sys.exit(1)
    logging.shutdown()
    # Skip the interpreter's finalization, which could crash while a thread is still in a call into C.
    os._exit(why.value)


if __name__ == "__main__":
    main()
