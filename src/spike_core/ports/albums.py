"""The album repository port."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from spike_core.domain.albums import Album, AlbumImage, AlbumSummary
from spike_core.domain.cursors import AlbumCursor
from spike_core.domain.identifiers import AlbumId, AlbumImageId, ImageId, OwnerId


class AlbumRepository(Protocol):
    """All albums and the order of their images, within one transaction.

    An album contains an image at most once, and no two images have the same position.
    """

    def add(self, album: Album) -> None:
        """Store a new, empty album."""

    def get(self, album_id: AlbumId) -> Album:
        """Return the album.

        Raises:
            AlbumNotFound: no album has this id.
        """

    def of_owner(self, owner_id: OwnerId) -> Sequence[Album]:
        """Return all albums of the owner, newest first.

        In a writing transaction, other writing transactions that call this wait until its end.
        """

    def summaries(self, owner_id: OwnerId) -> Sequence[AlbumSummary]:
        """Return all albums of the owner as `of_owner` does, summarized, without locks and in one query."""

    def lock(self, album_id: AlbumId) -> Album:
        """Return the album, locked with its images until the transaction ends.

        Lock order: several albums are locked in the order of their ids.

        Raises:
            AlbumNotFound: no album has this id.
        """

    def replace(self, album: Album) -> None:
        """Store the new state of an album that this transaction has locked.

        Raises:
            StaleWrite: there is no such album.
        """

    def remove(self, album_id: AlbumId) -> None:
        """Delete the album, which this transaction has locked. Its images stay."""

    def images(self, album_id: AlbumId) -> Sequence[AlbumImage]:
        """Return the album's images in order; none if there is no such album."""

    def page(self, album_id: AlbumId, *, after: AlbumCursor | None = None, limit: int) -> Sequence[AlbumImage]:
        """Return at most `limit` of the album's images after `after`, in order; none if there is no such album.

        The cost depends on `limit`, not on how many images the album contains.
        """

    def count(self, album_id: AlbumId) -> int:
        """Return how many images the album contains; 0 if there is no such album.

        Neither this nor `summaries` counts them: the cost doesn't depend on how many they are.
        """

    def contains(self, album_id: AlbumId, image_id: ImageId) -> bool:
        """Return whether the album contains the image."""

    def append_images(
        self, album_id: AlbumId, images: Sequence[tuple[AlbumImageId, ImageId]], *, now: datetime
    ) -> Sequence[AlbumImage]:
        """Append distinct images in the given order; one that the album contains moves to the end and keeps its id.

        The album is locked. The number of statements doesn't depend on the number of images, up to
        `IMAGES_PER_MOVE_MAX`. Returns the appended images in the given order.

        Raises:
            AlbumFull: the album would exceed `IMAGES_PER_ALBUM_MAX`; the transaction must be rolled back.
        """

    def remove_images(self, album_id: AlbumId, image_ids: Collection[ImageId]) -> int:
        """Remove images from the locked album and return how many it contained; others are ignored."""
