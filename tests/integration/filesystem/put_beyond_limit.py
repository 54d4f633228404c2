"""A process that may not write large files: `put_beyond_limit.py ROOT KEY`. It prints the error of storing one."""

import io
import resource
import signal
import sys
from pathlib import Path

from spike_core.domain.objects import ObjectKey
from spike_filesystem import FilesystemBlobStore
from spike_memory import ManualClock

LIMIT_BYTES = 100_000


def main() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that writing fails as on a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, LIMIT_BYTES))
    store = FilesystemBlobStore(Path(sys.argv[1]), clock=ManualClock(), secret=b"secret")
    try:
        store.put(ObjectKey.parse(sys.argv[2]), io.BytesIO(b"x" * (10 * LIMIT_BYTES)))
    except Exception as error:  # noqa: BLE001  # telling which is its work
        print(type(error).__name__, type(error.__cause__).__name__)  # noqa: T201


if __name__ == "__main__":
    main()
