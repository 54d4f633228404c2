"""Albums in memory."""

from collections.abc import Sequence
from datetime import datetime

from attrs import evolve, frozen

from spike_core.domain.albums import Album, AlbumImage
from spike_core.domain.errors import AlbumNotFound
from spike_core.domain.identifiers import AlbumId, AlbumImageId, ImageId
from spike_core.domain.ordering import moved_to_end, positions_after
from spike_memory.state import Rows


@frozen
class MemoryAlbums:
    """See the port."""

    _rows: Rows

    def add(self, album: Album) -> None:
        """Store a new, empty album."""
        state = self._rows.check_writable()
        assert album.id not in state.albums, "ids are new"
        state.albums[album.id] = album
        state.places[album.id] = ()

    def get(self, album_id: AlbumId) -> Album:
        """Return the album."""
        try:
            return self._rows.state.albums[album_id]
        except KeyError as error:
            raise AlbumNotFound from error

    def lock(self, album_id: AlbumId) -> Album:
        """Return the album; the one writer there is has all locks."""
        self._rows.check_writable()
        return self.get(album_id)

    def images(self, album_id: AlbumId) -> Sequence[AlbumImage]:
        """Return the album's places, in order."""
        return self._rows.state.places.get(album_id, ())

    def append(
        self, album_id: AlbumId, images: Sequence[tuple[AlbumImageId, ImageId]], *, now: datetime
    ) -> Sequence[AlbumImage]:
        """Put images last."""
        state = self._rows.check_writable()
        there = {place.image_id: place for place in state.places[album_id]}
        last = state.places[album_id][-1].position if there else None
        appended: list[AlbumImage] = []
        for (id_, image_id), position in zip(images, positions_after(last, len(images)), strict=True):
            assert image_id in state.images, "an album holds images that are there"
            new = AlbumImage(id=id_, album_id=album_id, image_id=image_id, position=position, added_at=now)
            appended.append(evolve(there.get(image_id, new), position=position))
        order = moved_to_end(list(there), [place.image_id for place in appended])
        there |= {place.image_id: place for place in appended}
        state.places[album_id] = tuple(there[image_id] for image_id in order)
        return appended
