"""Recovery: returns jobs that lost their worker or message, and collects orphans."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from attrs import Factory, field, frozen

from spike_core.domain.jobs import ClaimedJob, StartedJob
from spike_core.domain.limits import JobLimits
from spike_core.domain.objects import ObjectKey
from spike_core.domain.priorities import Priority
from spike_core.ports.blobs import BlobStore, StoredObject
from spike_core.ports.clock import Clock
from spike_core.ports.queue import JobQueue
from spike_core.ports.transactions import Transactions
from spike_core.services.job_repairs import repair_each, repair_in_batches
from spike_core.services.job_transitions import JobTransitions
from spike_core.services.lost_messages import LostMessages
from spike_core.services.object_references import referenced

RECOVERY_BATCH: Final = 100
SCAN_BATCH: Final = 1000
_THE_END: Final = datetime.max.replace(tzinfo=UTC)

_log: Final = logging.getLogger(__name__)


def _no_cursor(_cursor: str) -> None:
    """Keep nothing."""


@frozen(kw_only=True)
class Recovery:
    """Repairs what crashes leave behind. The database is authoritative; queue messages are only hints."""

    transactions: Transactions
    blobs: BlobStore
    clock: Clock
    queue: JobQueue
    job_transitions: JobTransitions
    limits: JobLimits
    lost_messages: LostMessages = field(
        init=False,
        repr=False,
        default=Factory(
            lambda self: LostMessages(
                transactions=self.transactions,
                clock=self.clock,
                queue=self.queue,
                job_transitions=self.job_transitions,
                limits=self.limits,
            ),
            takes_self=True,
        ),
    )

    def repair(self) -> int:
        """Do what `expire_leases` and `requeue_lost` do; return how many jobs there were."""
        return self.expire_leases() + self.requeue_lost()

    def expire_leases(self) -> int:
        """Return a batch of jobs with an expired lease to PENDING; return how many."""
        with self.transactions.view() as tx:
            expired = tx.jobs.with_expired_lease(now=self.clock.now(), limit=RECOVERY_BATCH)
        return repair_each(expired, self.job_transitions.expire_lease)

    def requeue_lost(self) -> int:
        """Return started jobs whose message the queue no longer holds to PENDING; return how many.

        See `LostMessages`.
        """
        return self.lost_messages.requeue()

    def repair_after_restart(self) -> int:
        """Return every started or claimed job, when no worker of this database can be alive; return how many.

        Only for an in-process queue and workers: whatever the last process held is lost.
        """
        repaired = 0
        while batch := repair_each(self._claimed(), self.job_transitions.expire_lease):
            repaired += batch
        for priority in Priority:
            while batch := self._requeue(self._started(priority)):
                repaired += batch
        return repaired

    def collect_orphans(self, after: str | None = None, keep: Callable[[str], object] = _no_cursor) -> int:
        """Delete every object that no row names and that is older than `orphan_age`; return how many.

        The store is listed in pages, from the key `after` on; after each, `keep` is called with its last key.

        Raises:
            StorageUnavailable: the store is unavailable; a later sweep continues.
        """
        collected = 0
        last = None if after is None else ObjectKey(after)
        while page := self.blobs.scan(after=last, limit=SCAN_BATCH):
            last = page[-1].key
            orphans = self._orphans(page)
            if orphans:
                _log.info("collecting %d objects that no row names", len(orphans))
                self.blobs.delete(orphans)
                collected += len(orphans)
            if len(page) == SCAN_BATCH:
                keep(last.text)
        return collected

    def _claimed(self) -> Sequence[ClaimedJob]:
        with self.transactions.view() as tx:
            return tx.jobs.with_expired_lease(now=_THE_END, limit=RECOVERY_BATCH)

    def _started(self, priority: Priority) -> Sequence[StartedJob]:
        with self.transactions.view() as tx:
            page = tx.jobs.started(priority, before=_THE_END, limit=RECOVERY_BATCH)
            jobs = tx.jobs.find([cursor.id for cursor in page])
        return [job for cursor in page if isinstance(job := jobs.get(cursor.id), StartedJob)]

    def _requeue(self, jobs: Sequence[StartedJob]) -> int:
        transitions = self.job_transitions
        return repair_in_batches(jobs, batch=transitions.requeue_all, each=transitions.requeue)

    def _orphans(self, page: Sequence[StoredObject]) -> Sequence[ObjectKey]:
        stored_before = self.clock.now() - self.limits.orphan_age
        old = [stored.key for stored in page if stored.stored_at < stored_before]
        named = referenced(self.transactions, old) if old else frozenset()
        return [key for key in old if key not in named]
