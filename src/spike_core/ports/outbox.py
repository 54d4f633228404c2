"""The outbox port."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from spike_core.domain.identifiers import JobId
from spike_core.domain.outbox import OutboxMessage


class Outbox(Protocol):
    """Messages for the worker queue, at most one per job, within one transaction."""

    def put(self, messages: Sequence[OutboxMessage]) -> None:
        """Store messages, replacing any of the same jobs."""

    def due(self, *, now: datetime, limit: int) -> Sequence[OutboxMessage]:
        """Return at most `limit` messages due at `now`, ordered by due time."""

    def take(self, *, now: datetime, until: datetime, limit: int) -> Sequence[OutboxMessage]:
        """Return what `due` does, and postpone these messages `until` then.

        Concurrent callers get disjoint messages without waiting for each other. If a caller crashes, its messages
        become due again.
        """

    def remove(self, job_ids: Collection[JobId]) -> None:
        """Delete these jobs' messages; missing ones are ignored."""
