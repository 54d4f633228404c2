"""Recovery: returns jobs that lost their worker or message, and collects orphans."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar

from attrs import frozen

from spike_core.domain.errors import JobChanged, SpikeError, Unavailable
from spike_core.domain.limits import JobLimits
from spike_core.domain.objects import ObjectKey
from spike_core.ports.blobs import BlobStore, StoredObject
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transactions
from spike_core.services.job_transitions import JobTransitions
from spike_core.services.object_references import referenced

RECOVERY_BATCH: Final = 100
SCAN_BATCH: Final = 1000
_THE_END: Final = datetime.max.replace(tzinfo=UTC)

_log: Final = logging.getLogger(__name__)
_Job = TypeVar("_Job")


@frozen(kw_only=True)
class Recovery:
    """Repairs what crashes leave behind. The database is authoritative; queue messages are only hints."""

    transactions: Transactions
    blobs: BlobStore
    clock: Clock
    job_transitions: JobTransitions
    limits: JobLimits

    def repair(self) -> int:
        """Return a batch of jobs with an expired lease and one of jobs with a lost message; return how many."""
        now = self.clock.now()
        return self._repair(expired_at=now, started_before=now - self.limits.redeliver_after)

    def repair_after_restart(self) -> int:
        """Return every started or claimed job, when no worker of this database can be alive; return how many.

        Only for an in-process queue and workers: whatever the last process held is lost.
        """
        repaired = 0
        while batch := self._repair(expired_at=_THE_END, started_before=_THE_END):
            repaired += batch
        return repaired

    def collect_orphans(self) -> int:
        """Delete every object that no row names and that is older than `orphan_age`; return how many.

        Raises:
            StorageUnavailable: the store is unavailable; a later sweep continues.
        """
        collected = 0
        after: ObjectKey | None = None
        while page := self.blobs.scan(after=after, limit=SCAN_BATCH):
            after = page[-1].key
            orphans = self._orphans(page)
            if orphans:
                _log.info("collecting %d objects that no row names", len(orphans))
                self.blobs.delete(orphans)
                collected += len(orphans)
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
