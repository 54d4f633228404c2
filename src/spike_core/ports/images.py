"""The images port."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from spike_core.domain.cursors import ImageCursor
from spike_core.domain.identifiers import ImageId, OwnerId
from spike_core.domain.images import Image


class Images(Protocol):
    """The rows of all images, within one transaction. Their bytes are in the blob store.

    In a transaction that may write, an image that `get` or `find` has returned is neither changed nor removed by
    anybody else until the end. Whoever needs a wallet or an album too looks for the images first.
    """

    def add(self, *images: Image) -> None:
        """Store new images, however many in one statement."""

    def get(self, image_id: ImageId) -> Image:
        """Return the image.

        Raises:
            ImageNotFound: there is none.
        """

    def find(self, image_ids: Collection[ImageId]) -> Mapping[ImageId, Image]:
        """Return those of the images that exist."""

    def of_owner(self, owner_id: OwnerId, *, before: ImageCursor | None = None, limit: int) -> Sequence[Image]:
        """Return at most `limit` of the owner's images, newest first: those behind `before`, or the newest."""

    def change(self, image: Image) -> None:
        """Store the image's name, description, `is_public` and `updated_at`.

        Raises:
            ImageNotFound: there is none.
        """

    def count_view(self, image_id: ImageId) -> None:
        """Add one to the image's `view_count`; nothing happens where there is no such image."""
