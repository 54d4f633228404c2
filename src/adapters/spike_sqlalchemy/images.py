"""Images in a database."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from attrs import frozen
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    LargeBinary,
    Select,
    String,
    TextClause,
    and_,
    bindparam,
    case,
    delete,
    false,
    func,
    insert,
    literal_column,
    not_,
    null,
    or_,
    select,
    text,
    true,
    tuple_,
    update,
)

from spike_core.domain.cursors import ImageCursor
from spike_core.domain.deletions import DueDeletion
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import ImageNotFound
from spike_core.domain.identifiers import ImageId, OwnerId
from spike_core.domain.image_lists import ImageOrder, ImageState, ListCursor, ListedImage, NameCursor
from spike_core.domain.images import Image, ImageName
from spike_core.domain.tiers import Tier
from spike_sqlalchemy.prepared_statements import Prepared, Row
from spike_sqlalchemy.rows import image_of, image_row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import (
    IS_COMPARABLE,
    IS_COMPLETED,
    IS_FAILED,
    IS_FAILED_DELETION,
    IS_OPEN_ON_IMAGE,
    IS_UNTRIED_DELETION,
    RENDITION_COLUMNS,
    album_images,
    albums,
    images,
    jobs,
)
from spike_sqlalchemy.utc import UtcDateTime

_NOT_OF_NEW: Final = {"removed_at", *RENDITION_COLUMNS, "rendition_attempts", "removal_failures"}
_ADD: Final = Prepared(
    insert(images).inline(),
    sets=[name for name in images.c.keys() if name not in _NOT_OF_NEW],  # noqa: SIM118  # columns
)
_SHOWN: Final = select(images).where(images.c.removed_at.is_(None))
_ONE: Final = _SHOWN.where(images.c.id == bindparam("image"))
_GET: Final = Prepared(_ONE)
_LOCK: Final = Prepared(_ONE.with_for_update(key_share=True))  # rows that refer to the image may come and go
_FIND: Final = _SHOWN.where(images.c.id.in_(bindparam("ids", expanding=True)))
_LOCK_ALL: Final = _FIND.order_by(images.c.id).with_for_update(key_share=True)  # in order, which prevents deadlocks
_NEWEST_FIRST: Final = (
    _SHOWN.where(images.c.owner_id == bindparam("owner"))
    .order_by(images.c.created_at.desc(), images.c.id.desc())
    .limit(bindparam("rows_max"))
)
_FIRST_PAGE: Final = Prepared(_NEWEST_FIRST)
_NEXT_PAGE: Final = Prepared(
    _NEWEST_FIRST.where(
        tuple_(images.c.created_at, images.c.id)
        < tuple_(bindparam("before_time", type_=UtcDateTime), bindparam("before_id", type_=String))
    )
)
_OF_IMAGE: Final = jobs.c.image_id == images.c.id


def _has_job(*conditions: ColumnElement[bool] | TextClause) -> ColumnElement[bool]:
    """Return whether the image has such a job: by one probe of an index.

    Not `exists()`, for which PostgreSQL may read the jobs of all images at once.
    """
    found = select(literal_column("1", Integer)).select_from(jobs).where(_OF_IMAGE, *conditions).limit(1)
    return found.scalar_subquery().is_not(None)


_COMPLETED: Final = _has_job(text(IS_COMPLETED))
_NEWEST_FAILED: Final = (
    select(literal_column(IS_FAILED, Boolean))
    .where(_OF_IMAGE)
    .order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_WANTED_TIER: Final = bindparam("tier", type_=String)  # empty for any
_IS_MATCH: Final = and_(
    or_(_WANTED_TIER == "", _has_job(text(IS_COMPLETED), jobs.c.tier == _WANTED_TIER)),
    case(
        (bindparam("state", type_=String) == ImageState.ORIGINAL.value, not_(_COMPLETED)),
        (bindparam("state", type_=String) == ImageState.ENHANCED.value, _COMPLETED),
        (
            bindparam("state", type_=String) == ImageState.PROCESSING.value,
            _has_job(text(IS_OPEN_ON_IMAGE)),
        ),
        (
            bindparam("state", type_=String) == ImageState.FAILED.value,
            # few images have a failed job, and the index of these is small; most need no look at their jobs
            case((_has_job(text(IS_FAILED)), _NEWEST_FAILED), else_=false()),
        ),
        else_=true(),
    ),
)
_SORT_KEY: Final = func.lower(images.c.name)  # of ASCII letters alone, on SQLite and in PostgreSQL's collation "C"
_EXAMINED: Final = (
    select(images.c.id, images.c.name, images.c.width_px, images.c.height_px, images.c.created_at, _IS_MATCH)
    .where(images.c.owner_id == bindparam("owner"), images.c.removed_at.is_(None))
    .limit(bindparam("rows_max"))
)
_AGE: Final = tuple_(images.c.created_at, images.c.id)
_AFTER_AGE: Final = tuple_(bindparam("after", type_=UtcDateTime), bindparam("after_id", type_=String))
_KEY: Final = tuple_(_SORT_KEY, images.c.id)
_AFTER_KEY: Final = tuple_(bindparam("after", type_=String), bindparam("after_id", type_=String))


def _pages(ordered: Select[Any], following: ColumnElement[bool]) -> tuple[Prepared, Prepared]:
    """Return the statements for the first page and for those that follow."""
    return Prepared(ordered), Prepared(ordered.where(following))


_FIRST_NEWEST, _NEXT_NEWEST = _pages(
    _EXAMINED.order_by(images.c.created_at.desc(), images.c.id.desc()), _AGE < _AFTER_AGE
)
_FIRST_OLDEST, _NEXT_OLDEST = _pages(_EXAMINED.order_by(images.c.created_at, images.c.id), _AGE > _AFTER_AGE)
_FIRST_BY_NAME, _NEXT_BY_NAME = _pages(
    _EXAMINED.order_by(_SORT_KEY, images.c.id),
    # SQLite finds no place in an index by a row value that contains an expression
    and_(bindparam("after", type_=String) <= _SORT_KEY, _KEY > _AFTER_KEY),
)
_EXAMINE: Final = {
    ImageOrder.NEWEST: (_FIRST_NEWEST, _NEXT_NEWEST),
    ImageOrder.OLDEST: (_FIRST_OLDEST, _NEXT_OLDEST),
    ImageOrder.NAME: (_FIRST_BY_NAME, _NEXT_BY_NAME),
}

_DIGESTS_AT_ONCE: Final = 20


def _duplicates(count: int) -> Prepared:
    """Return the statement that looks so many digests up, a column for each: one search of an index."""
    earliest = (
        select(images.c.id)
        .where(
            images.c.owner_id == bindparam("owner"),
            images.c.sha256 == bindparam(f"digest_{place}", type_=LargeBinary),
            text(IS_COMPARABLE),
        )
        .order_by(images.c.created_at, images.c.id)
        .limit(literal_column("1"))
        for place in range(count)
    )
    return Prepared(select(*(query.scalar_subquery().label(f"id_{place}") for place, query in enumerate(earliest))))


_DUPLICATE: Final = _duplicates(1)
_DUPLICATES: Final = _duplicates(_DIGESTS_AT_ONCE)
_COUNT_VIEW: Final = Prepared(
    update(images).where(images.c.id == bindparam("image")).values(view_count=images.c.view_count + 1)
)
_CHANGEABLE: Final = ("name", "description", "is_public", "updated_at")
_CHANGE: Final = Prepared(
    update(images).where(images.c.id == bindparam("image"), images.c.removed_at.is_(None)), sets=_CHANGEABLE
)

_HIDE: Final = Prepared(
    update(images)
    .where(images.c.id == bindparam("image"), images.c.removed_at.is_(None))
    .values(removed_at=bindparam("now", type_=images.c.removed_at.type))
)
_UNCOVER: Final = Prepared(
    update(albums).where(albums.c.cover_image_id == bindparam("image")).values(cover_image_id=null())
)
_TAKE_OUT: Final = Prepared(delete(album_images).where(album_images.c.image_id == bindparam("image")))
_ANY: Final = select(images).where(images.c.id == bindparam("image"))
_GET_ANY: Final = Prepared(_ANY)
_LOCK_ANY: Final = Prepared(_ANY.with_for_update(key_share=True))
_PENDING_DELETIONS: Final = Prepared(
    select(images)
    .where(images.c.removed_at.is_not(None))
    .order_by(images.c.removed_at, images.c.id)
    .limit(bindparam("rows_max"))
)
_DUE_DELETIONS: Final = (
    select(images)
    .where(images.c.removed_at <= bindparam("now"))
    .order_by(images.c.removed_at, images.c.id)
    .limit(bindparam("rows_max"))
)
_UNTRIED_DELETIONS: Final = Prepared(_DUE_DELETIONS.where(text(IS_UNTRIED_DELETION)))
_FAILED_DELETIONS: Final = Prepared(_DUE_DELETIONS.where(text(IS_FAILED_DELETION)))
_POSTPONE: Final = Prepared(
    update(images)
    # not `IS NOT NULL`, for which PostgreSQL may read the index of all hidden images, where it takes them for few
    .where(images.c.id == bindparam("image"), case((images.c.removed_at.is_(None), false()), else_=true()))
    .values(removed_at=bindparam("until", type_=UtcDateTime), removal_failures=bindparam("failures", type_=Integer))
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
_DELETE: Final = Prepared(delete(images).where(images.c.id == bindparam("image")))


@frozen
class SqlAlchemyImages:
    """See the port."""

    _statements: Statements

    def add(self, *images: Image) -> None:
        """Store new images."""
        self._statements.write_all(_ADD, [image_row(image) for image in images])

    def get(self, image_id: ImageId) -> Image:
        """Return the image, locked where it may be changed."""
        for row in self._statements.rows(_LOCK if self._statements.is_writable else _GET, {"image": image_id.text}):
            return image_of(row)
        raise ImageNotFound

    def find(self, image_ids: Collection[ImageId]) -> Mapping[ImageId, Image]:
        """Return those that exist, locked where they may be changed."""
        statement = _LOCK_ALL if self._statements.is_writable else _FIND
        found = [image_of(row) for row in self._statements.rows_of(statement, image_ids)]
        return {image.id: image for image in found}

    def of_owner(self, owner_id: OwnerId, *, before: ImageCursor | None = None, limit: int) -> Sequence[Image]:
        """Return a page of the owner's images, newest first."""
        parameters = {"owner": owner_id.text, "rows_max": limit}
        if before is None:
            rows = self._statements.rows(_FIRST_PAGE, parameters)
        else:
            place = {"before_time": before.created_at, "before_id": before.id.text}
            rows = self._statements.rows(_NEXT_PAGE, {**parameters, **place})
        return [image_of(row) for row in rows]

    def examine(
        self,
        owner_id: OwnerId,
        *,
        order: ImageOrder,
        state: ImageState | None = None,
        tier: Tier | None = None,
        after: ListCursor | None = None,
        limit: int,
    ) -> Sequence[ListedImage]:
        """Return the next of the owner's images, and whether their jobs match."""
        wanted = {"state": "" if state is None else state.value, "tier": "" if tier is None else tier.name}
        parameters = {"owner": owner_id.text, "rows_max": limit, **wanted}
        first, following = _EXAMINE[order]
        if after is None:
            rows = self._statements.rows(first, parameters)
        else:
            at = after.key if isinstance(after, NameCursor) else after.created_at
            rows = self._statements.rows(following, {**parameters, "after": at, "after_id": after.id.text})
        return [_listed(row) for row in rows]

    def duplicates(self, owner_id: OwnerId, digests: Collection[bytes]) -> Mapping[bytes, ImageId]:
        """Return the owner's earliest image of each digest, by an index."""
        asked, found = list(dict.fromkeys(digests)), dict[bytes, ImageId]()
        for start in range(0, len(asked), _DIGESTS_AT_ONCE):
            portion = asked[start : start + _DIGESTS_AT_ONCE]
            statement = _DUPLICATE if len(portion) == 1 else _DUPLICATES
            padded = portion if len(portion) == 1 else [*portion, *[b""] * (_DIGESTS_AT_ONCE - len(portion))]
            digest_of = {f"digest_{place}": digest for place, digest in enumerate(padded)}
            [ids] = self._statements.rows(statement, {"owner": owner_id.text, **digest_of})
            found.update((digest, ImageId(id_)) for digest, id_ in zip(padded, ids, strict=True) if id_ is not None)
        return found

    def change(self, image: Image) -> None:
        """Store what people may change."""
        row = image_row(image)
        changed = {name: row[name] for name in _CHANGEABLE}
        if self._statements.write(_CHANGE, {**changed, "image": image.id.text}) != 1:
            raise ImageNotFound

    def count_view(self, image_id: ImageId) -> None:
        """Add one view."""
        self._statements.write(_COUNT_VIEW, {"image": image_id.text})

    def begin_deletion(self, image_id: ImageId, *, now: datetime) -> None:
        """Hide an image."""
        self._statements.write(_HIDE, {"image": image_id.text, "now": now})
        for statement in (_UNCOVER, _TAKE_OUT):
            self._statements.write(statement, {"image": image_id.text})

    def get_deleting(self, image_id: ImageId) -> Image:
        """Return the image, hidden or not, locked where it may be changed."""
        for row in self._statements.rows(
            _LOCK_ANY if self._statements.is_writable else _GET_ANY, {"image": image_id.text}
        ):
            return image_of(row)
        raise ImageNotFound

    def pending_deletions(self, *, limit: int) -> Sequence[Image]:
        """Return hidden images."""
        return [image_of(row) for row in self._statements.rows(_PENDING_DELETIONS, {"rows_max": limit})]

    def due_deletions(self, *, now: datetime, limit: int) -> Sequence[DueDeletion]:
        """Return hidden images that are due: those that haven't failed and those that have are each in an index."""
        rows = list[Row]()
        for statement in (_UNTRIED_DELETIONS, _FAILED_DELETIONS):
            if len(rows) < limit:
                rows += self._statements.rows(statement, {"now": now, "rows_max": limit - len(rows)})
        return [DueDeletion(image=image_of(row), failures=row[-1]) for row in rows]

    def postpone_deletion(self, image_id: ImageId, *, failures: int, until: datetime) -> None:
        """Store when a hidden image is due again."""
        self._statements.write(_POSTPONE, {"image": image_id.text, "failures": failures, "until": until})

    def expired(self, owner_id: OwnerId, *, created_before: datetime, limit: int) -> Sequence[Image]:
        """Return the owner's oldest images."""
        parameters = {"owner": owner_id.text, "created_before": created_before, "rows_max": limit}
        return [image_of(row) for row in self._statements.rows(_EXPIRED, parameters)]

    def finish_deletion(self, image_id: ImageId) -> None:
        """Forget the image, its jobs and their messages."""
        self._statements.write(_DELETE, {"image": image_id.text})


def _listed(row: Row) -> ListedImage:
    id_, name, width_px, height_px, created_at, is_match = row
    return ListedImage(
        id=ImageId(id_),
        name=ImageName(name),
        dimensions=Dimensions(width_px=width_px, height_px=height_px),
        created_at=created_at,
        is_match=bool(is_match),
    )
