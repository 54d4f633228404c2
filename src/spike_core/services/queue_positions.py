"""Queue positions: where unclaimed jobs stand, from an order that requests share for a moment."""

import threading
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from attrs import define, field, frozen

from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import Job, PendingJob, StartedJob
from spike_core.domain.queue_order import QUEUE_ORDER_MAX, QueueOrder
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transaction

TIME_SHARE: Final = 20  # an order is used for this many times as long as reading it took: 5 % of the time at most
ORDER_AGE_MAX: Final = timedelta(seconds=5)


@frozen
class _Dated:
    order: QueueOrder
    read_at: datetime
    usable_for: timedelta

    def is_usable(self, *, now: datetime) -> bool:
        return timedelta(0) <= now - self.read_at < self.usable_for


@define
class QueuePositions:
    """Returns queue positions from the latest order of the queue, which a process reads again after a while.

    So a request's cost doesn't depend on how many jobs wait. A short queue is read in a millisecond, hence at nearly
    every request, and its positions are exact.
    """

    clock: Clock
    _latest: _Dated | None = field(default=None, init=False)
    _reading: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

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
        """Return the latest order. While a thread reads the next one, the others use the last."""
        latest = self._latest
        if latest is not None and latest.is_usable(now=self.clock.now()):
            return latest.order
        if not self._reading.acquire(blocking=latest is None):
            assert latest is not None
            return latest.order
        try:
            return self._read(tx)
        finally:
            self._reading.release()

    def _read(self, tx: Transaction) -> QueueOrder:
        read_at = self.clock.now()
        order = tx.jobs.queue_order(limit=QUEUE_ORDER_MAX)
        took = self.clock.now() - read_at
        self._latest = _Dated(order=order, read_at=read_at, usable_for=min(took * TIME_SHARE, ORDER_AGE_MAX))
        return order
