"""Recovery: returns jobs that lost their worker or message, and collects orphans."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from attrs import frozen

from spike_core.domain.cursors import JobCursor
from spike_core.domain.errors import JobChanged, QueueUnavailable, SpikeError, Unavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import StartedJob
from spike_core.domain.limits import JobLimits
from spike_core.domain.objects import ObjectKey
from spike_core.ports.blobs import BlobStore, StoredObject
from spike_core.ports.clock import Clock
from spike_core.ports.queue import JobQueue
from spike_core.ports.transactions import Transactions
from spike_core.services.job_transitions import JobTransitions
from spike_core.services.object_references import referenced

RECOVERY_BATCH: Final = 100
LOOKUP_BATCH: Final = 1000  # messages looked up in the queue at once
UNANSWERED_MAX: Final = timedelta(minutes=10)
SCAN_BATCH: Final = 1000
_THE_END: Final = datetime.max.replace(tzinfo=UTC)

_log: Final = logging.getLogger(__name__)
_Job = TypeVar("_Job")


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

    def repair(self) -> int:
        """Do what `expire_leases` and `requeue_lost` do; return how many jobs there were."""
        return self.expire_leases() + self.requeue_lost()

    def expire_leases(self) -> int:
        """Return a batch of jobs with an expired lease to PENDING; return how many."""
        with self.transactions.view() as tx:
            expired = tx.jobs.with_expired_lease(now=self.clock.now(), limit=RECOVERY_BATCH)
        return _each(expired, self.job_transitions.expire_lease)

    def requeue_lost(self) -> int:
        """Return started jobs whose message the queue no longer holds to PENDING; return how many.

        All jobs that were started `redeliver_after` ago and are unclaimed are looked up in the queue, page by page: one
        that merely waits is never sent again, and one whose message was lost is sent again by the next relay. While
        the queue doesn't answer, the messages of jobs that were started `UNANSWERED_MAX` ago are taken to be lost, so
        that a queue that stays away ends in refunds.
        """
        now = self.clock.now()
        before = now - self.limits.redeliver_after
        requeued = 0
        after: JobCursor | None = None
        while True:
            with self.transactions.view() as tx:
                started = tx.jobs.started(before=before, after=after, limit=LOOKUP_BATCH)
            ids = [cursor.id for cursor in started]
            try:
                held = self.queue.held(ids) if ids else ()
            except QueueUnavailable:
                held, before = (), min(before, now - UNANSWERED_MAX)
            requeued += self._requeue([id_ for id_ in ids if id_ not in held], started_before=before)
            if len(started) < LOOKUP_BATCH:
                return requeued
            after = started[-1]

    def _requeue(self, job_ids: Sequence[JobId], *, started_before: datetime) -> int:
        if not job_ids:
            return 0
        with self.transactions.view() as tx:
            jobs = tx.jobs.find(job_ids).values()
        lost = [job for job in jobs if isinstance(job, StartedJob) and job.started_at < started_before]
        if lost:
            _log.warning("the queue has lost the messages of %d jobs; they are sent again", len(lost))
        return _each(lost, self.job_transitions.requeue)

    def repair_after_restart(self) -> int:
        """Return every started or claimed job, when no worker of this database can be alive; return how many.

        Only for an in-process queue and workers: whatever the last process held is lost.
        """
        repaired = 0
        while batch := self._repair(expired_at=_THE_END, started_before=_THE_END):
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

    def _repair(self, *, expired_at: datetime, started_before: datetime) -> int:
        with self.transactions.view() as tx:
            expired = tx.jobs.with_expired_lease(now=expired_at, limit=RECOVERY_BATCH)
            undelivered = tx.jobs.unclaimed(started_before=started_before, limit=RECOVERY_BATCH)
        return _each(expired, self.job_transitions.expire_lease) + _each(undelivered, self.job_transitions.requeue)

    def _orphans(self, page: Sequence[StoredObject]) -> Sequence[ObjectKey]:
        stored_before = self.clock.now() - self.limits.orphan_age
        old = [stored.key for stored in page if stored.stored_at < stored_before]
        named = referenced(self.transactions, old) if old else frozenset()
        return [key for key in old if key not in named]


def _each(jobs: Sequence[_Job], repair: Callable[[_Job], object]) -> int:
    repaired = 0
    for job in jobs:
        try:
            repair(job)
        except JobChanged:  # it moved on meanwhile
            continue
        except Unavailable:
            raise
        except SpikeError:  # one damaged row must not block the others; the audit reports it
            _log.exception("a job can't be repaired")
            continue
        repaired += 1
    return repaired
