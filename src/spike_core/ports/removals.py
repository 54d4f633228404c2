"""The removals port: images on their way out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from spike_core.domain.identifiers import ImageId, OwnerId
from spike_core.domain.images import Image


class Removals(Protocol):
    """Images whose objects are being deleted, within one transaction.

    Between `begin` and `finish` an image is in no list, in no album and found by no other port; its jobs stay, so that
    whoever finishes knows which objects there are.
    """

    def begin(self, image_id: ImageId, *, now: datetime) -> None:
        """Hide an image, take it out of all albums and off their covers. One that is hidden already stays so."""

    def get(self, image_id: ImageId) -> Image:
        """Return the image, hidden or not; in a transaction that may write, nobody else uses it until its end.

        Raises:
            ImageNotFound: there is none.
        """

    def pending(self, *, limit: int) -> Sequence[Image]:
        """Return at most `limit` hidden images, those hidden first in front."""

    def expired(self, owner_id: OwnerId, *, created_before: datetime, limit: int) -> Sequence[Image]:
        """Return at most `limit` of the owner's images that were created before then, oldest first; no hidden ones."""

    def finish(self, image_id: ImageId) -> None:
        """Forget the image, its jobs and their messages."""
