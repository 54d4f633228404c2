"""Albums in memory."""

from collections.abc import Collection, Sequence
from datetime import datetime

from attrs import evolve, frozen

from spike_core.domain.album_order import moved_to_end, positions_after, without
from spike_core.domain.albums import Album, AlbumImage, AlbumSummary
from spike_core.domain.cursors import AlbumCursor
from spike_core.domain.errors import AlbumFull, AlbumNotFound, InvariantViolated, StaleWrite
from spike_core.domain.identifiers import AlbumId, AlbumImageId, ImageId, OwnerId
from spike_core.domain.limits import IMAGES_PER_ALBUM_MAX
from spike_memory.state import Rows


@frozen
class MemoryAlbums:
    """See the port."""

    _rows: Rows

    def add(self, album: Album) -> None:
        """Store a new, empty album."""
        state = self._rows.check_writable()
        if album.id in state.albums:
            raise InvariantViolated("a new album's id is new")
        state.albums[album.id] = album
        state.places[album.id] = ()

    def get(self, album_id: AlbumId) -> Album:
        """Return the album."""
        try:
            return self._rows.state.albums[album_id]
        except KeyError as error:
            raise AlbumNotFound from error

    def of_owner(self, owner_id: OwnerId) -> Sequence[Album]:
        """Return the owner's albums, newest first."""
        mine = [album for album in self._rows.state.albums.values() if album.owner_id == owner_id]
        return sorted(mine, key=lambda album: (album.created_at, album.id), reverse=True)

    def summaries(self, owner_id: OwnerId) -> Sequence[AlbumSummary]:
        """Return the owner's albums, summarized."""
        return [self._summary(album) for album in self.of_owner(owner_id)]

    def _summary(self, album: Album) -> AlbumSummary:
        places = self.images(album.id)
        first = places[0].image_id if places else None
        return AlbumSummary(album=album, image_count=len(places), first_image_id=first)

    def lock(self, album_id: AlbumId) -> Album:
        """Return the album; the one writer there is has all locks."""
        self._rows.check_writable()
        return self.get(album_id)

    def replace(self, album: Album) -> None:
        """Store the album's new state."""
        state = self._rows.check_writable()
        if album.id not in state.albums:
            raise StaleWrite("album")
        state.albums[album.id] = album

    def remove(self, album_id: AlbumId) -> None:
        """Remove the album and its places."""
        state = self._rows.check_writable()
        state.albums.pop(album_id, None)
        state.places.pop(album_id, None)

    def images(self, album_id: AlbumId) -> Sequence[AlbumImage]:
        """Return the album's places, in order."""
        return self._rows.state.places.get(album_id, ())

    def page(self, album_id: AlbumId, *, after: AlbumCursor | None = None, limit: int) -> Sequence[AlbumImage]:
        """Return a page of the album's places."""
        return [place for place in self.images(album_id) if after is None or place.cursor > after][:limit]

    def count(self, album_id: AlbumId) -> int:
        """Return the number of the album's places."""
        return len(self.images(album_id))

    def contains(self, album_id: AlbumId, image_id: ImageId) -> bool:
        """Return whether the album contains the image."""
        return any(place.image_id == image_id for place in self.images(album_id))

    def append_images(
        self, album_id: AlbumId, images: Sequence[tuple[AlbumImageId, ImageId]], *, now: datetime
    ) -> Sequence[AlbumImage]:
        """Put images last."""
        state = self._rows.check_writable()
        there = {place.image_id: place for place in self.images(album_id)}
        last = state.places[album_id][-1].position if there else None
        appended: list[AlbumImage] = []
        for (id_, image_id), position in zip(images, positions_after(last, len(images)), strict=True):
            if image_id not in state.images:
                raise InvariantViolated("an album's images exist")
            new = AlbumImage(id=id_, album_id=album_id, image_id=image_id, position=position, added_at=now)
            appended.append(evolve(there.get(image_id, new), position=position))
        order = moved_to_end(list(there), [place.image_id for place in appended])
        if len(order) > IMAGES_PER_ALBUM_MAX:
            raise AlbumFull(images_max=IMAGES_PER_ALBUM_MAX)
        there |= {place.image_id: place for place in appended}
        state.places[album_id] = tuple(there[image_id] for image_id in order)
        return appended

    def remove_images(self, album_id: AlbumId, image_ids: Collection[ImageId]) -> int:
        """Take images out."""
        state = self._rows.check_writable()
        there = {place.image_id: place for place in self.images(album_id)}
        staying = without(list(there), image_ids)
        state.places[album_id] = tuple(there[image_id] for image_id in staying)
        return len(there) - len(staying)
