"""The albums port."""

from collections.abc import Sequence
from typing import Protocol

from spike_core.domain.albums import Album
from spike_core.domain.identifiers import AlbumId, OwnerId


class Albums(Protocol):
    """The rows of all albums, within one transaction. The images in them are in `AlbumOrder`."""

    def add(self, album: Album) -> None:
        """Store a new, empty album."""

    def get(self, album_id: AlbumId) -> Album:
        """Return the album.

        Raises:
            AlbumNotFound: there is none.
        """

    def of_owner(self, owner_id: OwnerId) -> Sequence[Album]:
        """Return all albums of the owner, newest first.

        In a transaction that may write, nobody else who asks for them there gets an answer before its end.
        """

    def lock(self, album_id: AlbumId) -> Album:
        """Return the album, its facts and its order locked until the transaction ends.

        Whoever locks two albums does so in the order of their ids.

        Raises:
            AlbumNotFound: there is none.
        """

    def replace(self, album: Album) -> None:
        """Store the new state of an album that this transaction has locked.

        Raises:
            StaleWrite: there is no such album.
        """

    def remove(self, album_id: AlbumId) -> None:
        """Remove the album, which this transaction has locked, and the places in it. The images stay."""
