"""The album order port."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from spike_core.domain.albums import AlbumImage
from spike_core.domain.identifiers import AlbumId, AlbumImageId, ImageId


class AlbumOrder(Protocol):
    """The places of images in albums, within one transaction.

    Each image is in an album once, and no two have the same position. Who writes has locked the album.
    """

    def places(self, album_id: AlbumId) -> Sequence[AlbumImage]:
        """Return the places of the album's images, in order; empty where there is no such album."""

    def append(
        self, album_id: AlbumId, images: Sequence[tuple[AlbumImageId, ImageId]], *, now: datetime
    ) -> Sequence[AlbumImage]:
        """Put distinct images last, in the order given; one that is there already moves to the end and keeps its id.

        All in a number of statements that doesn't grow with the images, up to `IMAGES_PER_MOVE_MAX`. Returns the
        places, in the order given.

        Raises:
            AlbumFull: there would be more than `IMAGES_PER_ALBUM_MAX`; the transaction must not go on.
        """

    def remove(self, album_id: AlbumId, image_ids: Collection[ImageId]) -> int:
        """Take images out of the album and return how many were in it; the others are ignored."""
