"""The job lists port."""

from collections.abc import Sequence
from typing import Protocol

from spike_core.domain.cursors import JobCursor
from spike_core.domain.identifiers import BatchId, ImageId, OwnerId
from spike_core.domain.jobs import Job


class JobLists(Protocol):
    """The jobs of all owners by what they have in common, within one transaction."""

    def of_image(self, image_id: ImageId) -> Sequence[Job]:
        """Return the jobs about the image, oldest first."""

    def of_batch(self, batch_id: BatchId) -> Sequence[Job]:
        """Return the jobs that were asked for together, by id; none where there is no such batch."""

    def creations(self, owner_id: OwnerId, *, before: JobCursor | None = None, limit: int) -> Sequence[Job]:
        """Return at most `limit` of the owner's generations and modifications, newest first: those behind `before`."""
