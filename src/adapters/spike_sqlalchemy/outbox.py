"""The outbox in a database."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, delete, select

from spike_core.domain.facts import JobDue
from spike_core.domain.identifiers import JobId
from spike_sqlalchemy.prepared import Prepared, upsert
from spike_sqlalchemy.rows import message_of, message_row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import outbox_messages

_PUT: Final = upsert(outbox_messages)
_DUE: Final = Prepared(
    select(outbox_messages)
    .where(outbox_messages.c.due_at <= bindparam("now"))
    .order_by(outbox_messages.c.due_at, outbox_messages.c.job_id)
    .limit(bindparam("rows_max"))
)
_REMOVE: Final = Prepared(delete(outbox_messages).where(outbox_messages.c.job_id == bindparam("job")))


@frozen
class SqlAlchemyOutbox:
    """See the port."""

    _statements: Statements

    def put(self, messages: Sequence[JobDue]) -> None:
        """Store messages."""
        self._statements.write_all(_PUT, [message_row(message) for message in messages])

    def due(self, *, now: datetime, limit: int) -> Sequence[JobDue]:
        """Return messages that are due."""
        return [message_of(row) for row in self._statements.rows(_DUE, {"now": now, "rows_max": limit})]

    def remove(self, job_ids: Collection[JobId]) -> None:
        """Forget messages."""
        self._statements.write_all(_REMOVE, [{"job": job_id.text} for job_id in job_ids])
