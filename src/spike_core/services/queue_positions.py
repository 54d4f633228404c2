"""Queue positions: where unclaimed jobs stand, from an order that requests share for a moment."""

from collections.abc import Iterable, Mapping

from attrs import define, field

from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import Job, PendingJob, StartedJob
from spike_core.domain.queue_order import QUEUE_ORDER_MAX, QueueOrder
from spike_core.domain.snapshots import Snapshot
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transaction


@define
class QueuePositions:
    """Returns queue positions from the latest order of the queue, which a process reads again after a while.

    So a request's cost doesn't depend on how many jobs wait. A short queue is read in a millisecond, hence at nearly
    every request, and its positions are exact.

    Concurrent requests may share one: its state is a single value that never changes and is replaced as a whole.
    """

    clock: Clock
    _latest: Snapshot[QueueOrder] | None = field(default=None, init=False)

    def of(self, tx: Transaction, jobs: Iterable[Job]) -> Mapping[JobId, int]:
        """Return the positions, counted from 1, of those of the jobs that no worker has claimed yet.

        Nothing is read unless there is such a job.
        """
        unclaimed = [job for job in jobs if isinstance(job, PendingJob | StartedJob)]
        if not unclaimed:
            return {}
        order = self._order(tx)
        return {job.id: order.position(job) for job in unclaimed}

    def _order(self, tx: Transaction) -> QueueOrder:
        """Return the latest order. While one request reads the next, others use the last."""
        began_at = self.clock.now()
        latest = self._latest
        if latest is not None:
            if latest.is_usable(now=began_at):
                return latest.value
            self._latest = latest.prolonged(now=began_at)
        order = tx.jobs.queue_order(limit=QUEUE_ORDER_MAX)
        self._latest = Snapshot.read(order, began_at=began_at, ended_at=self.clock.now())
        return order
