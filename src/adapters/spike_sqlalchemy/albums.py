"""Albums in a database."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, delete, func, insert, literal_column, select, update

from spike_core.domain.album_order import positions_after
from spike_core.domain.albums import Album, AlbumImage, AlbumSummary
from spike_core.domain.cursors import AlbumCursor
from spike_core.domain.errors import AlbumFull, AlbumNotFound, StaleWrite
from spike_core.domain.identifiers import AlbumId, AlbumImageId, ImageId, OwnerId
from spike_core.domain.limits import IMAGES_PER_ALBUM_MAX
from spike_sqlalchemy.prepared_statements import Prepared
from spike_sqlalchemy.rows import album_of, album_row, place_of, place_row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import album_images, albums

_COLUMNS: Final = [column for column in albums.columns if column.name != "image_count"]  # which triggers keep
_ADD: Final = Prepared(insert(albums).inline(), sets=[column.name for column in _COLUMNS])
_ALBUM: Final = select(*_COLUMNS).where(albums.c.id == bindparam("album"))
_GET: Final = Prepared(_ALBUM)
_LOCK: Final = Prepared(_ALBUM.with_for_update())
_OF_OWNER: Final = Prepared(
    select(*_COLUMNS)
    .where(albums.c.owner_id == bindparam("owner"))
    .order_by(albums.c.created_at.desc(), albums.c.id.desc())
)
_FIRST: Final = (
    select(album_images.c.image_id)
    .where(album_images.c.album_id == albums.c.id)
    .order_by(album_images.c.position)
    .limit(literal_column("1"))
)
_SUMMARIES: Final = Prepared(
    select(
        *_COLUMNS,
        albums.c.image_count,
        _FIRST.correlate(albums).scalar_subquery().label("first_image_id"),
    )
    .where(albums.c.owner_id == bindparam("owner"))
    .order_by(albums.c.created_at.desc(), albums.c.id.desc())
)
_REPLACE: Final = Prepared(
    update(albums).where(albums.c.id == bindparam("album")),
    sets=[column.name for column in _COLUMNS if not column.primary_key],
)
_REMOVE: Final = Prepared(delete(albums).where(albums.c.id == bindparam("album")))

_IN_ALBUM: Final = album_images.c.album_id == bindparam("album")
# Never prepared: PostgreSQL may find the rows by the album, and a plan for any ids compares each row with each id. For
# 500 ids in an album of 10,000 images that took 250 ms, in place of 6.
_AMONG: Final = album_images.c.image_id.in_(bindparam("ids", expanding=True))
_IMAGES: Final = Prepared(select(album_images).where(_IN_ALBUM).order_by(album_images.c.position))
_IMAGES_AMONG: Final = select(album_images).where(_IN_ALBUM, _AMONG)
_PAGE: Final = Prepared(
    select(album_images)
    .where(_IN_ALBUM, album_images.c.position > bindparam("after"))
    .order_by(album_images.c.position)
    .limit(bindparam("rows_max"))
)
_CONTAINS: Final = Prepared(select(album_images.c.id).where(_IN_ALBUM, album_images.c.image_id == bindparam("image")))
_COUNT_KEPT: Final = select(albums.c.image_count).where(albums.c.id == bindparam("album"))
_COUNT: Final = Prepared(_COUNT_KEPT)
_LAST: Final = select(album_images.c.position).where(_IN_ALBUM).order_by(album_images.c.position.desc())
_END: Final = Prepared(
    select(_LAST.limit(literal_column("1")).scalar_subquery(), func.coalesce(_COUNT_KEPT.scalar_subquery(), 0))
)
_REMOVE_IMAGES: Final = delete(album_images).where(_IN_ALBUM, _AMONG)
_KEY: Final = ("album_id", "image_id")


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

    def of_owner(self, owner_id: OwnerId) -> Sequence[Album]:
        """Return the owner's albums, newest first."""
        if self._statements.is_writable:
            self._statements.advisory_lock("albums", owner_id.text)
        return [album_of(row) for row in self._statements.rows(_OF_OWNER, {"owner": owner_id.text})]

    def summaries(self, owner_id: OwnerId) -> Sequence[AlbumSummary]:
        """Return the owner's albums, summarized."""
        return [
            AlbumSummary(
                album=album_of(row), image_count=image_count, first_image_id=None if first is None else ImageId(first)
            )
            for *row, image_count, first in self._statements.rows(_SUMMARIES, {"owner": owner_id.text})
        ]

    def lock(self, album_id: AlbumId) -> Album:
        """Return the album, locked; on SQLite the one writer there is has all locks."""
        for row in self._statements.locked_rows(_LOCK, {"album": album_id.text}):
            return album_of(row)
        raise AlbumNotFound

    def replace(self, album: Album) -> None:
        """Store the album's new state."""
        if self._statements.write(_REPLACE, {**album_row(album), "album": album.id.text}) != 1:
            raise StaleWrite("album")

    def remove(self, album_id: AlbumId) -> None:
        """Remove the album; the database removes its places."""
        self._statements.write(_REMOVE, {"album": album_id.text})

    def images(self, album_id: AlbumId) -> Sequence[AlbumImage]:
        """Return the album's places, in order."""
        return [place_of(row) for row in self._statements.rows(_IMAGES, {"album": album_id.text})]

    def page(self, album_id: AlbumId, *, after: AlbumCursor | None = None, limit: int) -> Sequence[AlbumImage]:
        """Return a page of the album's places; positions are greater than 0."""
        position = 0 if after is None else after.position
        parameters = {"album": album_id.text, "after": position, "rows_max": limit}
        return [place_of(row) for row in self._statements.rows(_PAGE, parameters)]

    def count(self, album_id: AlbumId) -> int:
        """Return the number of the album's places."""
        return sum(number for (number,) in self._statements.rows(_COUNT, {"album": album_id.text}))

    def contains(self, album_id: AlbumId, image_id: ImageId) -> bool:
        """Return whether the album contains the image."""
        return bool(self._statements.rows(_CONTAINS, {"album": album_id.text, "image": image_id.text}))

    def append_images(
        self, album_id: AlbumId, images: Sequence[tuple[AlbumImageId, ImageId]], *, now: datetime
    ) -> Sequence[AlbumImage]:
        """Put images last: all positions are new ones, so none is ever in the way of another."""
        self._statements.check_writable()
        [(last, count)] = self._statements.rows(_END, {"album": album_id.text})
        wanted = [
            AlbumImage(id=id_, album_id=album_id, image_id=image_id, position=position, added_at=now)
            for (id_, image_id), position in zip(images, positions_after(last, len(images)), strict=True)
        ]
        self._statements.upsert_rows(album_images, [place_row(place) for place in wanted], key=_KEY, sets=("position",))
        ids, parameters = [image_id for _, image_id in images], {"album": album_id.text}
        rows = self._statements.rows_of(_IMAGES_AMONG, ids, parameters, prepare=False)
        there = {place.image_id: place for place in map(place_of, rows)}
        appended = [there[place.image_id] for place in wanted]
        added = sum(place.id == stored.id for place, stored in zip(wanted, appended, strict=True))
        if count + added > IMAGES_PER_ALBUM_MAX:
            raise AlbumFull(images_max=IMAGES_PER_ALBUM_MAX)
        return appended

    def remove_images(self, album_id: AlbumId, image_ids: Collection[ImageId]) -> int:
        """Take images out."""
        return self._statements.write_of(_REMOVE_IMAGES, image_ids, {"album": album_id.text}, prepare=False)
