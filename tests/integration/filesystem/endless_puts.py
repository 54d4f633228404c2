"""A process that stores objects until it is killed: `endless_puts.py ROOT`. It prints the key of each stored object."""

import hashlib
import io
import itertools
import os
import sys
from pathlib import Path

from spike_core.domain.identifiers import ImageId
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_filesystem import FilesystemBlobStore
from spike_memory import ManualClock

SIZE_BYTES = 300_000


def main() -> None:
    store = FilesystemBlobStore(Path(sys.argv[1]), clock=ManualClock(), secret=b"secret")
    for number in itertools.count():
        key = ObjectKey.of_original(ImageId.of(f"{os.getpid()}x{number}".zfill(24)), PictureFormat.JPEG)
        body = os.urandom(1000) * (SIZE_BYTES // 1000)
        store.put(key, io.BytesIO(hashlib.sha256(body).digest() + body))
        print(key, flush=True)  # noqa: T201  # its parent listens


if __name__ == "__main__":
    main()
