"""Statistics in memory."""

from attrs import frozen

from spike_core.domain.jobs import ClaimedJob, PendingJob, StartedJob
from spike_core.domain.ledger import EntryKind
from spike_core.domain.statistics import QueueStatistics, RefundStatistics
from spike_memory.state import Rows


@frozen
class MemoryStatistics:
    """See the port."""

    _rows: Rows

    def queue(self) -> QueueStatistics:
        """Return how many jobs haven't ended."""
        state = self._rows.state
        jobs = state.jobs.values()
        unclaimed = [job.spec.created_at for job in jobs if isinstance(job, PendingJob | StartedJob)]
        return QueueStatistics(
            waiting=sum(isinstance(job, PendingJob) and job.id not in state.outbox for job in jobs),
            announced=sum(isinstance(job, PendingJob) and job.id in state.outbox for job in jobs),
            started=sum(isinstance(job, StartedJob) for job in jobs),
            claimed=sum(isinstance(job, ClaimedJob) for job in jobs),
            oldest_unclaimed_at=min(unclaimed, default=None),
        )

    def refunds(self) -> RefundStatistics:
        """Return how often jobs were refunded, and how much."""
        entries = [entry for ledger in self._rows.state.ledgers.values() for entry in ledger]
        amounts = [entry.amount for entry in entries if entry.kind is EntryKind.REFUND]
        return RefundStatistics(refunds=len(amounts), tokens=sum(amounts))
