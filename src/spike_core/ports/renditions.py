"""The rendition repository port."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from spike_core.domain.identifiers import JobId
from spike_core.domain.renditions import MissingRenditions, Pictured, Rendition, Renditions


class RenditionRepository(Protocol):
    """The renditions of all pictures, within one transaction. They are read with their image or job."""

    def put(self, of: Pictured, renditions: Renditions) -> bool:
        """Store a picture's renditions, and return whether they were stored.

        They aren't if the picture has some already, is being deleted, doesn't exist, or is a job without a result.
        """

    def remove(self, of: Pictured, renditions: Renditions) -> bool:
        """Remove a picture's renditions if they are these, and return whether they were; it then has none.

        A card that was stored since they were read is removed with them.
        """

    def put_card(self, job_id: JobId, card: Rendition) -> bool:
        """Store the card of a result, and return whether it was stored.

        It isn't if the result has a card already, has no renditions, or belongs to an image that is being deleted.
        """

    def missing(self, *, before: datetime, limit: int) -> Sequence[MissingRenditions]:
        """Return at most `limit` images and at most `limit` jobs without renditions, each newest first.

        They were stored or completed before then, and tried less than `RENDITION_ATTEMPTS_MAX` times. Images that are
        being deleted aren't among them. The cost depends on `limit` alone.
        """

    def attempts(self, of: Pictured) -> int:
        """Return how often making a picture's renditions has failed; 0 if there is no such picture."""

    def set_attempts(self, of: Pictured, attempts: int) -> None:
        """Store how often it has failed, or will have; nothing happens if there is no such picture."""
