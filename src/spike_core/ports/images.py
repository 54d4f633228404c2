"""The image repository port."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from spike_core.domain.cursors import ImageCursor
from spike_core.domain.deletions import DueDeletion
from spike_core.domain.identifiers import ImageId, OwnerId
from spike_core.domain.image_lists import ImageOrder, ImageState, ListCursor, ListedImage
from spike_core.domain.images import Image
from spike_core.domain.tiers import Tier


class ImageRepository(Protocol):
    """All images, within one transaction. Their bytes are in the blob store.

    In a writing transaction, images that `get` and `find` return are locked until the end. Lock order: images before
    wallets and albums.

    Deletion has two steps, since objects can't be deleted within a transaction. After `begin_deletion` an image is
    hidden: in no list, no album, and not found by `get` and `find`. Its jobs stay until `finish_deletion`, because they
    name the objects to delete.
    """

    def add(self, *images: Image) -> None:
        """Store new images in one statement."""

    def get(self, image_id: ImageId) -> Image:
        """Return the image.

        Raises:
            ImageNotFound: there is none.
        """

    def find(self, image_ids: Collection[ImageId]) -> Mapping[ImageId, Image]:
        """Return those of the images that exist."""

    def of_owner(self, owner_id: OwnerId, *, before: ImageCursor | None = None, limit: int) -> Sequence[Image]:
        """Return at most `limit` of the owner's images after `before`, newest first."""

    def examine(
        self,
        owner_id: OwnerId,
        *,
        order: ImageOrder,
        state: ImageState | None = None,
        tier: Tier | None = None,
        after: ListCursor | None = None,
        limit: int,
    ) -> Sequence[ListedImage]:
        """Return the next `limit` of the owner's images in this order, each with `is_match`: whether its jobs match.

        Those that don't match are returned too, so that the cost depends on `limit` alone. `after` is a cursor of the
        same order. Jobs match where they give the image this state, and one of them is completed at this tier.
        """

    def duplicates(self, owner_id: OwnerId, digests: Collection[bytes]) -> Mapping[bytes, ImageId]:  # noqa: ARG002  # see below
        """Return the owner's earliest image of each of these SHA-256 digests of an original, without hidden ones.

        The cost depends on the number of digests alone.
        """
        return {}  # an adapter of an earlier release inherits this

    def change(self, image: Image) -> None:
        """Store the image's name, description, `is_public` and `updated_at`.

        Raises:
            ImageNotFound: there is none.
        """

    def count_view(self, image_id: ImageId) -> None:
        """Add one to the image's `view_count`; nothing happens where there is no such image."""

    def begin_deletion(self, image_id: ImageId, *, now: datetime) -> None:
        """Hide an image and remove it from all albums and covers. A hidden image stays hidden."""

    def get_deleting(self, image_id: ImageId) -> Image:
        """Return the image, hidden or not; in a writing transaction it is locked until the end.

        Raises:
            ImageNotFound: there is none.
        """

    def pending_deletions(self, *, limit: int) -> Sequence[Image]:
        """Return at most `limit` hidden images, in the order in which they were hidden or are due again."""

    def due_deletions(self, *, now: datetime, limit: int) -> Sequence[DueDeletion]:  # noqa: ARG002  # see below
        """Return at most `limit` hidden images without those that are postponed beyond `now`, the never failed first.

        Apart from that they are in the same order.
        """
        # an adapter of an earlier release inherits this, which knows of no postponed ones
        return [DueDeletion(image=image) for image in self.pending_deletions(limit=limit)]

    def postpone_deletion(self, image_id: ImageId, *, failures: int, until: datetime) -> None:
        """Let the deletion of a hidden image be due then, after so many failures; others don't change."""

    def expired(self, owner_id: OwnerId, *, created_before: datetime, limit: int) -> Sequence[Image]:
        """Return at most `limit` of the owner's images created before then, oldest first, without hidden ones."""

    def finish_deletion(self, image_id: ImageId) -> None:
        """Delete the rows of the image, its jobs and their messages."""
