"""Albums in a database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import evolve, frozen
from sqlalchemy import bindparam, func, insert, select, update

from spike_core.domain.albums import Album, AlbumImage
from spike_core.domain.errors import AlbumNotFound
from spike_core.domain.identifiers import AlbumId, AlbumImageId, ImageId
from spike_core.domain.ordering import positions_after
from spike_sqlalchemy.prepared import Prepared
from spike_sqlalchemy.rows import album_of, album_row, place_of, place_row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import album_images, albums

_ADD: Final = Prepared(insert(albums).inline())
_ALBUM: Final = select(albums).where(albums.c.id == bindparam("album"))
_GET: Final = Prepared(_ALBUM)
_LOCK: Final = Prepared(_ALBUM.with_for_update())
_IMAGES: Final = Prepared(
    select(album_images).where(album_images.c.album_id == bindparam("album")).order_by(album_images.c.position)
)
_THERE: Final = select(album_images).where(
    album_images.c.album_id == bindparam("album"), album_images.c.image_id.in_(bindparam("ids", expanding=True))
)
_LAST: Final = Prepared(select(func.max(album_images.c.position)).where(album_images.c.album_id == bindparam("album")))
_ADD_PLACE: Final = Prepared(insert(album_images).inline())
_MOVE_PLACE: Final = Prepared(
    update(album_images).where(album_images.c.id == bindparam("place")).values(position=bindparam("new_position"))
)


@frozen
class SqlAlchemyAlbums:
    """See the port."""

    _statements: Statements

    def add(self, album: Album) -> None:
        """Store a new, empty album."""
        self._statements.write_all(_ADD, [album_row(album)])

    def get(self, album_id: AlbumId) -> Album:
        """Return the album."""
        for row in self._statements.rows(_GET, {"album": album_id.text}):
            return album_of(row)
        raise AlbumNotFound

    def lock(self, album_id: AlbumId) -> Album:
        """Return the album, locked; on SQLite the one writer there is has all locks."""
        for row in self._statements.locked_rows(_LOCK, {"album": album_id.text}):
            return album_of(row)
        raise AlbumNotFound

    def images(self, album_id: AlbumId) -> Sequence[AlbumImage]:
        """Return the album's places, in order."""
        return [place_of(row) for row in self._statements.rows(_IMAGES, {"album": album_id.text})]

    def append(
        self, album_id: AlbumId, images: Sequence[tuple[AlbumImageId, ImageId]], *, now: datetime
    ) -> Sequence[AlbumImage]:
        """Put images last."""
        self._statements.check_writable()
        rows = self._statements.rows_of(_THERE, [image_id for _, image_id in images], {"album": album_id.text})
        there = {place.image_id: place for place in map(place_of, rows)}
        [(last,)] = self._statements.rows(_LAST, {"album": album_id.text})
        appended: list[AlbumImage] = []
        for (id_, image_id), position in zip(images, positions_after(last, len(images)), strict=True):
            new = AlbumImage(id=id_, album_id=album_id, image_id=image_id, position=position, added_at=now)
            appended.append(evolve(there.get(image_id, new), position=position))
        places = {place.image_id: place for place in appended}
        moved = [place for place in places.values() if place.image_id in there]
        added = [place for place in places.values() if place.image_id not in there]
        self._statements.write_all(
            _MOVE_PLACE, [{"place": place.id.text, "new_position": place.position} for place in moved]
        )
        self._statements.write_all(_ADD_PLACE, [place_row(place) for place in added])
        return appended
