"""Work that doesn't end until a test releases it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, ClassVar

from eventually import PATIENCE_S
from spike_core.domain.objects import ObjectKey
from spike_memory import MemoryBlobStore


class BlockingBlobStore(MemoryBlobStore):
    """A blob store that opens no object until it is released, so that work on a picture doesn't end."""

    may_go_on: ClassVar[threading.Event] = threading.Event()

    @contextmanager
    def open(self, key: ObjectKey) -> Iterator[BinaryIO]:
        assert self.may_go_on.wait(PATIENCE_S)
        with super().open(key) as content:
            yield content
