"""Free space: whether the blob store has room for anything new."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from attrs import field, frozen, validators

from spike_core.domain.errors import StorageFull

RETRY_AFTER: Final = timedelta(minutes=1)


@frozen(kw_only=True)
class FreeSpace:
    """Refuses new work below a floor of free space, so that results of accepted jobs and the database still fit."""

    free_bytes: Callable[[], int] | None = None  # of the store; `None` if it knows no end
    min_bytes: int = field(default=0, validator=validators.ge(0))

    def check(self) -> None:
        """Check that there is room.

        Raises:
            StorageFull: there is less free space than the floor.
            StorageUnavailable: the free space can't be read.
        """
        if self.free_bytes is not None and self.free_bytes() < self.min_bytes:
            raise StorageFull(retry_after_s=int(RETRY_AFTER.total_seconds()))
