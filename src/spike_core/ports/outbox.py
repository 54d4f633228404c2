"""The outbox port."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from spike_core.domain.identifiers import JobId
from spike_core.domain.outbox import OutboxMessage


class Outbox(Protocol):
    """Messages that must reach the worker queue, within one transaction; at most one per job."""

    def put(self, messages: Sequence[OutboxMessage]) -> None:
        """Store messages; one of the same job is replaced."""

    def due(self, *, now: datetime, limit: int) -> Sequence[OutboxMessage]:
        """Return at most `limit` messages that are due at `now`, those due first in front."""

    def take(self, *, now: datetime, until: datetime, limit: int) -> Sequence[OutboxMessage]:
        """Return what `due` does, as it was, and put these messages off `until` then.

        Of several that take at the same time each gets others, and none waits. Who dies with them loses none: they
        are due again.
        """

    def remove(self, job_ids: Collection[JobId]) -> None:
        """Forget these jobs' messages; those that aren't there are ignored."""
