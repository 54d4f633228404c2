"""The outbox in a database."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, delete, select, update

from spike_core.domain.identifiers import JobId
from spike_core.domain.outbox import OutboxMessage
from spike_sqlalchemy.prepared_statements import Prepared, upsert
from spike_sqlalchemy.rows import message_of, message_row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import outbox_messages
from spike_sqlalchemy.utc import UtcDateTime

_PUT: Final = upsert(outbox_messages)
_FIRST_DUE: Final = (
    select(outbox_messages)
    .where(outbox_messages.c.due_at <= bindparam("now"))
    .order_by(outbox_messages.c.due_at, outbox_messages.c.job_id)
    .limit(bindparam("rows_max"))
)
_DUE: Final = Prepared(_FIRST_DUE)
_TAKE: Final = Prepared(_FIRST_DUE.with_for_update(skip_locked=True))
_PUT_OFF: Final = (
    update(outbox_messages)
    .where(outbox_messages.c.job_id.in_(bindparam("ids", expanding=True)))
    .values(due_at=bindparam("until", type_=UtcDateTime))
)
_REMOVE: Final = Prepared(delete(outbox_messages).where(outbox_messages.c.job_id == bindparam("job")))


@frozen
class SqlAlchemyOutbox:
    """See the port."""

    _statements: Statements

    def put(self, messages: Sequence[OutboxMessage]) -> None:
        """Store messages."""
        self._statements.write_all(_PUT, [message_row(message) for message in messages])

    def due(self, *, now: datetime, limit: int) -> Sequence[OutboxMessage]:
        """Return messages that are due."""
        return [message_of(row) for row in self._statements.rows(_DUE, {"now": now, "rows_max": limit})]

    def take(self, *, now: datetime, until: datetime, limit: int) -> Sequence[OutboxMessage]:
        """Postpone due messages that no other transaction is taking, and return them."""
        taken = [message_of(row) for row in self._statements.locked_rows(_TAKE, {"now": now, "rows_max": limit})]
        self._statements.write_of(_PUT_OFF, [message.job_id for message in taken], {"until": until})
        return taken

    def remove(self, job_ids: Collection[JobId]) -> None:
        """Delete messages."""
        self._statements.write_all(_REMOVE, [{"job": job_id.text} for job_id in job_ids])
