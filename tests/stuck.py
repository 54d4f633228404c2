"""Work that doesn't end until a test says so."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, ClassVar

from eventually import PATIENCE_S
from spike_core.domain.objects import ObjectKey
from spike_memory import MemoryBlobStore


class StuckBlobStore(MemoryBlobStore):
    """Opens nothing until it may: whoever works on a picture stays at it."""

    may_go_on: ClassVar[threading.Event] = threading.Event()

    @contextmanager
    def open(self, key: ObjectKey) -> Iterator[BinaryIO]:
        assert self.may_go_on.wait(PATIENCE_S)
        with super().open(key) as content:
            yield content
