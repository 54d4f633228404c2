"""Removals in a database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, delete, null, select, update

from spike_core.domain.errors import ImageNotFound
from spike_core.domain.identifiers import ImageId, OwnerId
from spike_core.domain.images import Image
from spike_sqlalchemy.prepared import Prepared
from spike_sqlalchemy.rows import image_of
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import album_images, albums, images

_HIDE: Final = Prepared(
    update(images)
    .where(images.c.id == bindparam("image"), images.c.removed_at.is_(None))
    .values(removed_at=bindparam("now", type_=images.c.removed_at.type))
)
_UNCOVER: Final = Prepared(
    update(albums).where(albums.c.cover_image_id == bindparam("image")).values(cover_image_id=null())
)
_TAKE_OUT: Final = Prepared(delete(album_images).where(album_images.c.image_id == bindparam("image")))
_ONE: Final = select(images).where(images.c.id == bindparam("image"))
_GET: Final = Prepared(_ONE)
_LOCK: Final = Prepared(_ONE.with_for_update(key_share=True))
_PENDING: Final = Prepared(
    select(images)
    .where(images.c.removed_at.is_not(None))
    .order_by(images.c.removed_at, images.c.id)
    .limit(bindparam("rows_max"))
)
_EXPIRED: Final = Prepared(
    select(images)
    .where(
        images.c.owner_id == bindparam("owner"),
        images.c.created_at < bindparam("created_before"),
        images.c.removed_at.is_(None),
    )
    .order_by(images.c.created_at, images.c.id)
    .limit(bindparam("rows_max"))
)
_FINISH: Final = Prepared(delete(images).where(images.c.id == bindparam("image")))


@frozen
class SqlAlchemyRemovals:
    """See the port. Jobs and their messages go by the cascade."""

    _statements: Statements

    def begin(self, image_id: ImageId, *, now: datetime) -> None:
        """Hide an image."""
        self._statements.write(_HIDE, {"image": image_id.text, "now": now})
        for statement in (_UNCOVER, _TAKE_OUT):
            self._statements.write(statement, {"image": image_id.text})

    def get(self, image_id: ImageId) -> Image:
        """Return the image, hidden or not, locked where it may be changed."""
        for row in self._statements.rows(_LOCK if self._statements.is_writable else _GET, {"image": image_id.text}):
            return image_of(row)
        raise ImageNotFound

    def pending(self, *, limit: int) -> Sequence[Image]:
        """Return hidden images."""
        return [image_of(row) for row in self._statements.rows(_PENDING, {"rows_max": limit})]

    def expired(self, owner_id: OwnerId, *, created_before: datetime, limit: int) -> Sequence[Image]:
        """Return the owner's oldest images."""
        parameters = {"owner": owner_id.text, "created_before": created_before, "rows_max": limit}
        return [image_of(row) for row in self._statements.rows(_EXPIRED, parameters)]

    def finish(self, image_id: ImageId) -> None:
        """Forget the image, its jobs and their messages."""
        self._statements.write(_FINISH, {"image": image_id.text})
