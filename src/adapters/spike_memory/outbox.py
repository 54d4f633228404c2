"""The outbox in memory."""

from collections.abc import Collection, Sequence
from datetime import datetime

from attrs import evolve, frozen

from spike_core.domain.errors import InvariantViolated
from spike_core.domain.identifiers import JobId
from spike_core.domain.outbox import OutboxMessage
from spike_memory.state import Rows


@frozen
class MemoryOutbox:
    """See the port."""

    _rows: Rows

    def put(self, messages: Sequence[OutboxMessage]) -> None:
        """Store messages."""
        state = self._rows.check_writable()
        for message in messages:
            if message.job_id not in state.jobs:
                raise InvariantViolated("a message's job exists")
            state.outbox[message.job_id] = message

    def due(self, *, now: datetime, limit: int) -> Sequence[OutboxMessage]:
        """Return messages that are due."""
        due = [message for message in self._rows.state.outbox.values() if message.due_at <= now]
        return sorted(due, key=lambda message: (message.due_at, message.job_id))[:limit]

    def take(self, *, now: datetime, until: datetime, limit: int) -> Sequence[OutboxMessage]:
        """Return messages that are due, and put them off."""
        taken = self.due(now=now, limit=limit)
        self.put([evolve(message, due_at=until) for message in taken])
        return taken

    def remove(self, job_ids: Collection[JobId]) -> None:
        """Forget messages."""
        state = self._rows.check_writable()
        for job_id in job_ids:
            state.outbox.pop(job_id, None)
