"""Lost messages: started jobs whose message the queue no longer holds are sent again.

A queue hands out the messages of one priority in the order in which they were sent. So a job whose message was lost by
itself soon becomes one of those that were started first, and it is enough to look up these. The latest messages alone
are lost by a queue that was restored from an older copy, which is another instance; then all are looked up.
"""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import define, evolve, field, frozen

from spike_core.domain.cursors import StartCursor
from spike_core.domain.errors import QueueUnavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import StartedJob
from spike_core.domain.limits import JobLimits
from spike_core.domain.priorities import Priority
from spike_core.ports.clock import Clock
from spike_core.ports.queue import JobQueue
from spike_core.ports.transactions import Transactions
from spike_core.services.job_repairs import repair_in_batches
from spike_core.services.job_transitions import JobTransitions

FIRST_LOOKUP: Final = 20  # jobs of each priority that are looked up at every run
LOOKUP_BATCH: Final = 1000  # jobs that are looked up at once where there are more to look up
FULL_LOOKUP_INTERVAL: Final = timedelta(minutes=10)  # between two lookups of all jobs, if nothing was lost
UNANSWERED_MAX: Final = timedelta(minutes=10)
OUTAGE_GAP_MAX: Final = timedelta(minutes=5)  # between two runs that get no answer in one outage

_log: Final = logging.getLogger(__name__)


@frozen
class _FullLookup:
    """The latest lookup of all jobs."""

    instance_id: str
    seen_since: datetime  # the instance
    began_at: datetime


@frozen
class _Outage:
    """The time in which the queue hasn't answered, as far as this process knows."""

    began_at: datetime
    seen_at: datetime


@define(kw_only=True)
class LostMessages:
    """Finds lost messages. A job that merely waits is never sent twice, however long it waits."""

    transactions: Transactions
    clock: Clock
    queue: JobQueue
    job_transitions: JobTransitions
    limits: JobLimits
    _latest: _FullLookup | None = field(default=None, init=False, repr=False)
    _outage: _Outage | None = field(default=None, init=False, repr=False)

    def requeue(self) -> int:
        """Return started jobs whose message the queue no longer holds to PENDING; return how many.

        Looked up are jobs that were started `redeliver_after` ago and are unclaimed: of each priority those started
        first, and all of them if one of these was lost, if the queue is another instance than at the last full lookup,
        or if that was `FULL_LOOKUP_INTERVAL` ago. So the cost doesn't depend on how many jobs wait in the queue.

        Once the queue hasn't answered for `UNANSWERED_MAX`, the messages of jobs that were started before are taken to
        be lost, so that a queue that stays away ends in refunds.

        Raises:
            DatabaseUnavailable: the next run does the rest.
        """
        now = self.clock.now()
        try:
            full_lookup = self._due(self.queue.instance_id(), now=now)
            requeued = self._requeue_unheld(
                started_before=now - self.limits.redeliver_after, is_full=full_lookup is not None
            )
        except QueueUnavailable:
            return self._requeue_unanswered(now=now)
        self._latest = full_lookup or self._latest
        self._outage = None
        return requeued

    def _due(self, instance_id: str, *, now: datetime) -> _FullLookup | None:
        """Return the full lookup that is due, if one is."""
        latest = self._latest
        if latest is None or latest.instance_id != instance_id:
            return _FullLookup(instance_id, seen_since=now, began_at=now)
        # the first one passed over jobs that were started a moment before the instance was another one
        covers_the_change = latest.began_at - latest.seen_since >= self.limits.redeliver_after
        if covers_the_change and timedelta(0) <= now - latest.began_at < FULL_LOOKUP_INTERVAL:
            return None
        return evolve(latest, began_at=now)

    def _requeue_unheld(self, *, started_before: datetime, is_full: bool) -> int:
        requeued = 0
        for priority in Priority:
            limit = LOOKUP_BATCH if is_full else FIRST_LOOKUP
            after: StartCursor | None = None
            while page := self._started(priority, before=started_before, after=after, limit=limit):
                held = self.queue.held(page.keys())
                lost = [job_id for job_id in page if job_id not in held]
                requeued += self._requeue(lost, started_before=started_before)
                if len(page) < limit or not (lost or is_full):
                    break
                [*_, after] = page.values()
                limit = LOOKUP_BATCH
        return requeued

    def _requeue_unanswered(self, *, now: datetime) -> int:
        known = self._outage
        goes_on = known is not None and timedelta(0) <= now - known.seen_at <= OUTAGE_GAP_MAX
        self._outage = _Outage(known.began_at if known is not None and goes_on else now, seen_at=now)
        if now - self._outage.began_at < UNANSWERED_MAX:
            return 0
        requeued, started_before = 0, now - UNANSWERED_MAX
        for priority in Priority:
            after: StartCursor | None = None
            while page := self._started(priority, before=started_before, after=after, limit=LOOKUP_BATCH):
                requeued += self._requeue(page.keys(), started_before=started_before)
                [*_, after] = page.values()
        return requeued

    def _started(
        self, priority: Priority, *, before: datetime, after: StartCursor | None, limit: int
    ) -> dict[JobId, StartCursor]:
        with self.transactions.view() as tx:
            page = tx.jobs.started(priority, before=before, after=after, limit=limit)
        return {cursor.id: cursor for cursor in page}

    def _requeue(self, job_ids: Collection[JobId], *, started_before: datetime) -> int:
        lost = self._still_started(job_ids, started_before=started_before)
        if lost:
            _log.warning("the queue has lost the messages of %d jobs; they are sent again", len(lost))
        transitions = self.job_transitions
        return repair_in_batches(lost, batch=transitions.requeue_all, each=transitions.requeue)

    def _still_started(self, job_ids: Collection[JobId], *, started_before: datetime) -> Sequence[StartedJob]:
        """Return those that nothing happened to since they were read."""
        if not job_ids:
            return ()
        with self.transactions.view() as tx:
            jobs = tx.jobs.find(job_ids).values()
        return [job for job in jobs if isinstance(job, StartedJob) and job.started_at < started_before]
