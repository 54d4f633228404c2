"""Deletions of images that wait: an object couldn't be deleted, and is tried again after a pause that grows."""

from datetime import timedelta
from typing import Final

from attrs import field, frozen, validators

from spike_core.domain.images import Image

DELETION_PAUSE_MIN: Final = timedelta(minutes=15)  # after the first failure; twice as long after each further one
DELETION_PAUSE_MAX: Final = timedelta(days=1)
_DOUBLINGS_MAX: Final = 7  # 2^7 quarters of an hour are more than `DELETION_PAUSE_MAX`


@frozen(kw_only=True)
class DueDeletion:
    """A hidden image whose objects are to be deleted now, and how often that has failed."""

    image: Image
    failures: int = field(default=0, validator=validators.ge(0))

    @property
    def pause(self) -> timedelta:
        """How long to wait for the next attempt if this one fails."""
        return min(DELETION_PAUSE_MIN * (1 << min(self.failures, _DOUBLINGS_MAX)), DELETION_PAUSE_MAX)
