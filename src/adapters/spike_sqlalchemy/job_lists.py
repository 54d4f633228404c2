"""Lists of jobs in a database."""

from collections.abc import Sequence
from typing import Final

from attrs import frozen
from sqlalchemy import String, bindparam, select, text, tuple_

from spike_core.domain.cursors import JobCursor
from spike_core.domain.identifiers import BatchId, ImageId, OwnerId
from spike_core.domain.jobs import Job
from spike_sqlalchemy.job_rows import job_of
from spike_sqlalchemy.prepared import Parameters, Prepared
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import IS_CREATION, jobs
from spike_sqlalchemy.utc import UtcDateTime

_OF_IMAGE: Final = Prepared(
    select(jobs).where(jobs.c.image_id == bindparam("image")).order_by(jobs.c.created_at, jobs.c.id)
)
_OF_BATCH: Final = Prepared(select(jobs).where(jobs.c.batch_id == bindparam("batch")).order_by(jobs.c.id))
_NEWEST_CREATIONS: Final = (
    select(jobs)
    .where(jobs.c.owner_id == bindparam("owner"), text(IS_CREATION))
    .order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
    .limit(bindparam("rows_max"))
)
_FIRST_CREATIONS: Final = Prepared(_NEWEST_CREATIONS)
_NEXT_CREATIONS: Final = Prepared(
    _NEWEST_CREATIONS.where(
        tuple_(jobs.c.created_at, jobs.c.id)
        < tuple_(bindparam("before_time", type_=UtcDateTime), bindparam("before_id", type_=String))
    )
)


@frozen
class SqlAlchemyJobLists:
    """See the port."""

    _statements: Statements

    def of_image(self, image_id: ImageId) -> Sequence[Job]:
        """Return the jobs about the image."""
        return self._jobs(_OF_IMAGE, {"image": image_id.text})

    def of_batch(self, batch_id: BatchId) -> Sequence[Job]:
        """Return the jobs that were asked for together."""
        return self._jobs(_OF_BATCH, {"batch": batch_id.text})

    def creations(self, owner_id: OwnerId, *, before: JobCursor | None = None, limit: int) -> Sequence[Job]:
        """Return a page of the owner's generations and modifications."""
        parameters = {"owner": owner_id.text, "rows_max": limit}
        if before is None:
            return self._jobs(_FIRST_CREATIONS, parameters)
        place = {"before_time": before.created_at, "before_id": before.id.text}
        return self._jobs(_NEXT_CREATIONS, {**parameters, **place})

    def _jobs(self, statement: Prepared, parameters: Parameters) -> Sequence[Job]:
        return [job_of(row) for row in self._statements.rows(statement, parameters)]
