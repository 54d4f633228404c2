"""Facts: what must be told after a commit, kept in the outbox until somebody has heard it."""

from datetime import datetime

from attrs import frozen

from spike_core.domain.identifiers import JobId


@frozen(kw_only=True)
class OutboxMessage:
    """A pending job wants to be handed to a worker queue at `due_at` or later."""

    job_id: JobId
    due_at: datetime
    refused_since: datetime | None = None  # since when the queue has taken no message for it
