"""The albums port."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from spike_core.domain.albums import Album, AlbumImage
from spike_core.domain.identifiers import AlbumId, AlbumImageId, ImageId


class Albums(Protocol):
    """The rows of all albums and of the images in them, within one transaction."""

    def add(self, album: Album) -> None:
        """Store a new, empty album."""

    def get(self, album_id: AlbumId) -> Album:
        """Return the album.

        Raises:
            AlbumNotFound: there is none.
        """

    def lock(self, album_id: AlbumId) -> Album:
        """Return the album, its order locked until the transaction ends.

        Raises:
            AlbumNotFound: there is none.
        """

    def images(self, album_id: AlbumId) -> Sequence[AlbumImage]:
        """Return the places of the album's images, in order; empty where there is no such album."""

    def append(
        self, album_id: AlbumId, images: Sequence[tuple[AlbumImageId, ImageId]], *, now: datetime
    ) -> Sequence[AlbumImage]:
        """Put images last, in the order given; one that is there already moves to the end and keeps its id.

        The album must be locked by this transaction. Returns the places, in the order given.
        """
