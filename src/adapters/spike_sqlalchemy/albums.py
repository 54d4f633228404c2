"""Albums in a database."""

from collections.abc import Sequence
from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, delete, insert, select, update

from spike_core.domain.albums import Album
from spike_core.domain.errors import AlbumNotFound, StaleWrite
from spike_core.domain.identifiers import AlbumId, OwnerId
from spike_sqlalchemy.prepared import Prepared
from spike_sqlalchemy.rows import album_of, album_row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import albums

_ADD: Final = Prepared(insert(albums).inline())
_ALBUM: Final = select(albums).where(albums.c.id == bindparam("album"))
_GET: Final = Prepared(_ALBUM)
_LOCK: Final = Prepared(_ALBUM.with_for_update())
_OF_OWNER: Final = Prepared(
    select(albums)
    .where(albums.c.owner_id == bindparam("owner"))
    .order_by(albums.c.created_at.desc(), albums.c.id.desc())
)
_REPLACE: Final = Prepared(
    update(albums).where(albums.c.id == bindparam("album")),
    sets=[column.name for column in albums.columns if not column.primary_key],
)
_REMOVE: Final = Prepared(delete(albums).where(albums.c.id == bindparam("album")))


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
            self._statements.advisory_lock("albums", owner_id)
        return [album_of(row) for row in self._statements.rows(_OF_OWNER, {"owner": owner_id.text})]

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
