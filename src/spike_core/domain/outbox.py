"""The transactional outbox: messages that must be sent after the commit, stored until the queue has accepted them."""

from datetime import datetime

from attrs import frozen

from spike_core.domain.identifiers import JobId


@frozen(kw_only=True)
class OutboxMessage:
    """A pending job's id, to be sent to a worker queue at `due_at` or later."""

    job_id: JobId
    due_at: datetime
    refused_since: datetime | None = None  # when the queue first refused it, if it has since then
