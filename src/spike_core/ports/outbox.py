"""The outbox port."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from spike_core.domain.facts import JobDue
from spike_core.domain.identifiers import JobId


class Outbox(Protocol):
    """Messages that must reach the worker queue, within one transaction; at most one per job."""

    def put(self, messages: Sequence[JobDue]) -> None:
        """Store messages; one of the same job is replaced."""

    def due(self, *, now: datetime, limit: int) -> Sequence[JobDue]:
        """Return at most `limit` messages that are due at `now`, those due first in front."""

    def remove(self, job_ids: Collection[JobId]) -> None:
        """Forget these jobs' messages; those that aren't there are ignored."""
