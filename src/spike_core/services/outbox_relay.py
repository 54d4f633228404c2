"""The outbox relay: from the outbox to the worker queue."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from attrs import evolve, frozen

from spike_core.domain.errors import DatabaseUnavailable, JobChanged, QueueUnavailable
from spike_core.domain.jobs import PendingJob
from spike_core.domain.limits import JobLimits
from spike_core.domain.outbox import OutboxMessage
from spike_core.ports.clock import Clock
from spike_core.ports.queue import JobQueue
from spike_core.ports.transactions import Transactions
from spike_core.services.fair_scheduling import FairScheduling
from spike_core.services.job_transitions import JobTransitions
from spike_core.services.transaction_retries import retry_on_conflict

RELAY_BATCH: Final = 100
RELAY_TIME_MAX: Final = timedelta(seconds=30)  # to send a batch; after that, another relay may take it
REFUSAL_DELAY: Final = timedelta(seconds=5)  # before a refused message is sent again

_log: Final = logging.getLogger(__name__)


@frozen(kw_only=True)
class OutboxRelay:
    """Sends accepted jobs to the worker queue, and later what couldn't be sent at once."""

    transactions: Transactions
    queue: JobQueue
    clock: Clock
    job_transitions: JobTransitions
    turns: FairScheduling
    limits: JobLimits

    def start(self, jobs: Sequence[PendingJob]) -> None:
        """Send jobs as soon as their acceptance is committed. Never fails, since the request has already succeeded.

        If the queue or the database is unavailable, the jobs stay pending for `relay`; an id that was sent anyway
        becomes a duplicate.
        """
        self.transactions.when_committed(partial(self._start, jobs))

    def _start(self, jobs: Sequence[PendingJob]) -> None:
        taken = self._send(jobs)
        try:
            self._mark_started(taken)
        except DatabaseUnavailable:
            _log.warning("the database is unavailable; %d jobs that were sent stay pending", len(taken))

    def relay(self) -> int:
        """Announce the held-back jobs of all owners who have room, then do what `send_due` does."""
        self.turns.advance_all()
        return self.send_due()

    def send_due(self) -> int:
        """Send the outbox's due messages in batches and return how many the queue accepted.

        Concurrent relays send disjoint messages. A job that the queue has refused for `refusal_max` is failed and
        refunded.
        """
        taken = 0
        while batch := self._relay_batch():
            taken += batch
            if batch < RELAY_BATCH:
                break
        return taken

    def _relay_batch(self) -> int:
        now = self.clock.now()
        with self.transactions.view() as tx:
            if not tx.outbox.due(now=now, limit=1):  # the usual case, and cheaper than a write transaction
                return 0
        with self.transactions.begin() as tx:
            taken_now = tx.outbox.take(now=now, until=now + RELAY_TIME_MAX, limit=RELAY_BATCH)
        messages = {message.job_id: message for message in taken_now}
        with self.transactions.view() as tx:
            jobs = tx.jobs.find(messages)
        pending = [job for id_ in messages if isinstance(job := jobs.get(id_), PendingJob)]
        taken = self._send(pending)
        self._mark_started(taken)
        self._forget([message for id_, message in messages.items() if jobs.get(id_) not in pending])
        for job in pending[len(taken) :]:
            self._note_refusal(job, messages[job.id])
        return len(taken)

    def _send(self, jobs: Sequence[PendingJob]) -> Sequence[PendingJob]:
        for count, job in enumerate(jobs):
            try:
                self.queue.send(job.id, priority=job.spec.priority)
            except QueueUnavailable:
                _log.warning("the queue is unavailable; %d jobs stay pending", len(jobs) - count)
                return jobs[:count]  # the others would be refused too, each after a time-out
        return jobs

    @retry_on_conflict  # a request and a relay may process the same jobs
    def _mark_started(self, jobs: Sequence[PendingJob]) -> None:
        if not jobs:
            return
        with self.transactions.begin() as tx:
            # jobs already claimed are skipped: the claim removed their messages
            tx.outbox.remove(tx.jobs.start(jobs, now=self.clock.now()))

    @retry_on_conflict
    def _forget(self, messages: Sequence[OutboxMessage]) -> None:
        """Remove the messages of jobs that aren't pending; a job may have become so again since it was read."""
        if not messages:
            return
        job_ids = [message.job_id for message in messages]
        with self.transactions.begin() as tx:
            jobs = tx.jobs.find(job_ids)  # locked
            tx.outbox.remove([job_id for job_id in job_ids if not isinstance(jobs.get(job_id), PendingJob)])

    def _note_refusal(self, job: PendingJob, message: OutboxMessage) -> None:
        now = self.clock.now()
        refused_since = message.refused_since or now
        if now - refused_since >= self.limits.refusal_max:
            try:
                self.job_transitions.fail(job, "The worker queue was unavailable for too long")
            except JobChanged:  # it was sent or settled meanwhile
                return
            return
        with self.transactions.begin() as tx:
            if tx.jobs.find([job.id]).get(job.id) == job:
                tx.outbox.put([evolve(message, refused_since=refused_since, due_at=now + REFUSAL_DELAY)])
