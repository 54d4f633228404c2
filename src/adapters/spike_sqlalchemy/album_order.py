"""The order of albums in a database."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, delete, func, select

from spike_core.domain.albums import AlbumImage
from spike_core.domain.errors import AlbumFull
from spike_core.domain.identifiers import AlbumId, AlbumImageId, ImageId
from spike_core.domain.limits import IMAGES_PER_ALBUM_MAX
from spike_core.domain.ordering import positions_after
from spike_sqlalchemy.prepared import Prepared, rows_upsert
from spike_sqlalchemy.rows import place_of, place_row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import album_images

_IN_ALBUM: Final = album_images.c.album_id == bindparam("album")
_AMONG: Final = album_images.c.image_id.in_(bindparam("ids", expanding=True))
_PLACES: Final = Prepared(select(album_images).where(_IN_ALBUM).order_by(album_images.c.position))
_THERE: Final = select(album_images).where(_IN_ALBUM, _AMONG)
_END: Final = Prepared(select(func.max(album_images.c.position), func.count()).where(_IN_ALBUM))
_REMOVE: Final = delete(album_images).where(_IN_ALBUM, _AMONG)
_KEY: Final = ("album_id", "image_id")


@frozen
class SqlAlchemyAlbumOrder:
    """See the port."""

    _statements: Statements

    def places(self, album_id: AlbumId) -> Sequence[AlbumImage]:
        """Return the album's places, in order."""
        return [place_of(row) for row in self._statements.rows(_PLACES, {"album": album_id.text})]

    def append(
        self, album_id: AlbumId, images: Sequence[tuple[AlbumImageId, ImageId]], *, now: datetime
    ) -> Sequence[AlbumImage]:
        """Put images last: all positions are new ones, so none is ever in the way of another."""
        self._statements.check_writable()
        [(last, count)] = self._statements.rows(_END, {"album": album_id.text})
        wanted = [
            AlbumImage(id=id_, album_id=album_id, image_id=image_id, position=position, added_at=now)
            for (id_, image_id), position in zip(images, positions_after(last, len(images)), strict=True)
        ]
        self._statements.write_rows(
            lambda dialect, rows: rows_upsert(album_images, rows, dialect=dialect, key=_KEY, sets=("position",)),
            [place_row(place) for place in wanted],
        )
        rows = self._statements.rows_of(_THERE, [image_id for _, image_id in images], {"album": album_id.text})
        there = {place.image_id: place for place in map(place_of, rows)}
        appended = [there[place.image_id] for place in wanted]
        added = sum(place.id == stored.id for place, stored in zip(wanted, appended, strict=True))
        if count + added > IMAGES_PER_ALBUM_MAX:
            raise AlbumFull(images_max=IMAGES_PER_ALBUM_MAX)
        return appended

    def remove(self, album_id: AlbumId, image_ids: Collection[ImageId]) -> int:
        """Take images out."""
        return self._statements.write_of(_REMOVE, image_ids, {"album": album_id.text})
