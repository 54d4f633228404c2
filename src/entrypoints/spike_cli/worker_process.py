"""`python -m spike_cli.worker_process`: one of the processes that `spike worker` keeps alive.

It ends when its standard input does.
"""

import logging
import os
import sys

from spike_cli.opening import opened
from spike_core.domain.errors import SpikeError
from spike_runtime import WrongSettings
from spike_worker.process import ShutdownSignal, work_until


def main() -> None:
    """Work until told to end, and exit."""
    end = ShutdownSignal()
    end.listen(sys.stdin.fileno())
    try:
        with opened() as spike:
            why = work_until(lambda seconds: end.has_come(within_s=seconds), spike)
    except (SpikeError, WrongSettings) as error:
        print(f"spike: {error}", file=sys.stderr)
        sys.exit(1)
    logging.shutdown()
    # Not by way of the interpreter's end, which threads that are still deep in a call into C might spoil.
    os._exit(why.value)


if __name__ == "__main__":
    main()
