"""Renditions in a database: columns of the rows of images and jobs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import frozen
from sqlalchemy import String, bindparam, null, or_, select, text, update

from spike_core.domain.identifiers import ImageId, JobId
from spike_core.domain.jobs import JobStatus
from spike_core.domain.renditions import MissingRenditions, Pictured, Rendition, Renditions
from spike_sqlalchemy.prepared_statements import Prepared
from spike_sqlalchemy.rows import digest_row, renditions_row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import (
    CARD_COLUMNS,
    IS_IMAGE_WITHOUT_RENDITIONS,
    IS_RESULT_WITHOUT_RENDITIONS,
    RENDITION_COLUMNS,
    images,
    jobs,
)

_PUT_ON_IMAGE: Final = Prepared(
    update(images).where(
        images.c.id == bindparam("picture"), images.c.removed_at.is_(None), images.c.thumbnail_key.is_(None)
    ),
    sets=RENDITION_COLUMNS,
)
# not `exists()`, for which PostgreSQL may read all images at once where it has no statistics
_IS_SHOWN: Final = select(images.c.removed_at.is_(None)).where(images.c.id == jobs.c.image_id).scalar_subquery()
_PUT_ON_JOB: Final = Prepared(
    update(jobs).where(
        jobs.c.id == bindparam("picture"),
        jobs.c.status == JobStatus.COMPLETED.value,
        jobs.c.thumbnail_key.is_(None),
        or_(jobs.c.image_id.is_(None), _IS_SHOWN),
    ),
    sets=RENDITION_COLUMNS,
)
_PUT_CARD: Final = Prepared(
    update(jobs).where(
        jobs.c.id == bindparam("picture"), jobs.c.thumbnail_key.is_not(None), jobs.c.card_key.is_(None), _IS_SHOWN
    ),
    sets=CARD_COLUMNS,
)
_IS_THIS: Final = bindparam("thumbnail", type_=String)  # its key is used once
_WITHOUT: Final = dict.fromkeys(RENDITION_COLUMNS, null())
_REMOVE_FROM_IMAGE: Final = Prepared(
    update(images).where(images.c.id == bindparam("picture"), images.c.thumbnail_key == _IS_THIS).values(_WITHOUT)
)
_REMOVE_FROM_JOB: Final = Prepared(
    update(jobs)
    .where(jobs.c.id == bindparam("picture"), jobs.c.thumbnail_key == _IS_THIS)
    .values({**_WITHOUT, **dict.fromkeys(CARD_COLUMNS, null())})
)
_SET_ON_IMAGE: Final = Prepared(update(images).where(images.c.id == bindparam("picture")), sets=["rendition_attempts"])
_SET_ON_JOB: Final = Prepared(update(jobs).where(jobs.c.id == bindparam("picture")), sets=["rendition_attempts"])
_ATTEMPTS_OF_IMAGE: Final = Prepared(select(images.c.rendition_attempts).where(images.c.id == bindparam("picture")))
_ATTEMPTS_OF_JOB: Final = Prepared(select(jobs.c.rendition_attempts).where(jobs.c.id == bindparam("picture")))
_IMAGES_WITHOUT: Final = Prepared(
    select(images.c.id, images.c.rendition_attempts)
    .where(text(IS_IMAGE_WITHOUT_RENDITIONS), images.c.created_at < bindparam("before"))
    .order_by(images.c.created_at.desc(), images.c.id.desc())
    .limit(bindparam("rows_max"))
)
_RESULTS_WITHOUT: Final = Prepared(
    select(jobs.c.id, jobs.c.rendition_attempts)
    .where(text(IS_RESULT_WITHOUT_RENDITIONS), jobs.c.ended_at < bindparam("before"))
    .order_by(jobs.c.ended_at.desc(), jobs.c.id.desc())
    .limit(bindparam("rows_max"))
)


@frozen
class SqlAlchemyRenditions:
    """See the port."""

    _statements: Statements

    def put(self, of: Pictured, renditions: Renditions) -> bool:
        """Store a picture's renditions."""
        statement = _PUT_ON_IMAGE if isinstance(of, ImageId) else _PUT_ON_JOB
        return self._statements.write(statement, {**renditions_row(renditions), "picture": of.text}) == 1

    def remove(self, of: Pictured, renditions: Renditions) -> bool:
        """Compare and remove, in one UPDATE."""
        statement = _REMOVE_FROM_IMAGE if isinstance(of, ImageId) else _REMOVE_FROM_JOB
        parameters = {"picture": of.text, "thumbnail": renditions.thumbnail.key.text}
        return self._statements.write(statement, parameters) == 1

    def put_card(self, job_id: JobId, card: Rendition) -> bool:
        """Store the card of a result, in one UPDATE."""
        parameters = {"card_key": card.key.text, **digest_row("card", card.digest), "picture": job_id.text}
        return self._statements.write(_PUT_CARD, parameters) == 1

    def missing(self, *, before: datetime, limit: int) -> Sequence[MissingRenditions]:
        """Return pictures without renditions, by two partial indexes."""
        parameters = {"before": before, "rows_max": limit}
        without = self._statements.rows(_IMAGES_WITHOUT, parameters)
        results = self._statements.rows(_RESULTS_WITHOUT, parameters)
        return [
            *(MissingRenditions(of=ImageId(id_), attempts=attempts) for id_, attempts in without),
            *(MissingRenditions(of=JobId(id_), attempts=attempts) for id_, attempts in results),
        ]

    def attempts(self, of: Pictured) -> int:
        """Return the number of attempts."""
        statement = _ATTEMPTS_OF_IMAGE if isinstance(of, ImageId) else _ATTEMPTS_OF_JOB
        for (attempts,) in self._statements.rows(statement, {"picture": of.text}):
            return int(attempts)
        return 0

    def set_attempts(self, of: Pictured, attempts: int) -> None:
        """Store the number of attempts."""
        statement = _SET_ON_IMAGE if isinstance(of, ImageId) else _SET_ON_JOB
        self._statements.write(statement, {"rendition_attempts": attempts, "picture": of.text})
