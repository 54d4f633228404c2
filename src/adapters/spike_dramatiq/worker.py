"""Dramatiq's workers on a broker, from start to shutdown."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import dramatiq
from attrs import field, frozen

from spike_core.domain.errors import NothingToClaim, QueueUnavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.priorities import Priority
from spike_core.ports.broker import WorkerPool
from spike_dramatiq.queue import ACTOR_NAMES, QUEUE_NAMES, enqueue
from spike_dramatiq.slots import WorkSlots

# How often idle threads look for messages and check whether to stop. Within a process a message wakes them at once;
# over a network it waits for the next look, so this bounds how long an idle worker takes to start.
IDLE_TIME: Final = timedelta(milliseconds=40)

_MILLISECOND: Final = timedelta(milliseconds=1)
_log: Final = logging.getLogger(__name__)


@contextmanager
def working(
    broker: dramatiq.Broker, perform: Callable[[JobId], None], *, pool: WorkerPool, drain: timedelta
) -> Iterator[None]:
    """Work for the broker until the context ends; see `Broker.work`.

    Each priority has its own Dramatiq worker, which prefetches no more messages than it has threads: `pool.size` for
    HIGH, `pool.low_priority_max` for LOW and for FREE. All share `pool.size` slots, so HIGH jobs use the threads that
    others leave free, and never wait for one of them if the pool reserves threads for HIGH jobs.
    """
    before = list(broker.middleware)
    broker.delay_queues.clear()  # messages are delayed by the outbox instead, so these needn't be polled
    priorities = [
        _PriorityWorker(broker=broker, priority=Priority.HIGH, threads=pool.size),
        _PriorityWorker(broker=broker, priority=Priority.LOW, threads=pool.low_priority_max),
        _PriorityWorker(broker=broker, priority=Priority.FREE, threads=pool.low_priority_max),
    ]
    slots = WorkSlots(pool)
    for priority in priorities:
        priority.declare(perform, slots)
    # otherwise emitted only by Dramatiq's command line; middleware with a thread waits for it
    broker.emit_after("process_boot")
    try:
        for priority in priorities:
            priority.worker.start()
            broker.middleware[:] = before  # otherwise it would keep listening for new queues
        yield
    finally:
        slots.close()
        for priority in priorities:
            priority.begin_no_more()
        # side by side, since each waits for a server that is away
        with ThreadPoolExecutor(len(priorities)) as stopping:
            list(stopping.map(lambda priority: priority.worker.stop(timeout=drain // _MILLISECOND), priorities))
        if any(priority.is_busy for priority in priorities):
            _log.warning("jobs still run after the drain time of %s; they are abandoned", drain)
        for priority in priorities:
            del broker.actors[ACTOR_NAMES[priority.priority]]


@frozen(kw_only=True)
class _PriorityWorker:
    """Dramatiq's worker for one priority."""

    broker: dramatiq.Broker
    priority: Priority
    threads: int
    worker: dramatiq.Worker = field(init=False)

    @worker.default
    def _build(self) -> dramatiq.Worker:
        worker = dramatiq.Worker(
            self.broker,
            queues={QUEUE_NAMES[self.priority]},
            worker_threads=self.threads,
            worker_timeout=IDLE_TIME // _MILLISECOND,
        )
        worker.queue_prefetch = self.threads  # another process could perform what is prefetched here
        return worker

    @property
    def is_busy(self) -> bool:
        """Whether a worker thread is still running."""
        return any(thread.is_alive() for thread in self.worker.workers)

    def declare(self, perform: Callable[[JobId], None], slots: WorkSlots) -> None:
        """Register the actor for this priority's messages."""

        @dramatiq.actor(
            broker=self.broker, actor_name=ACTOR_NAMES[self.priority], queue_name=QUEUE_NAMES[self.priority]
        )
        def deliver(text: str) -> None:
            if not slots.take(self.priority):
                self._hand_back(text)
                return
            try:
                _perform(perform, text)
            finally:
                slots.give_back(self.priority)

    def begin_no_more(self) -> None:
        """Let each thread stop after its current message."""
        for thread in self.worker.workers:
            thread.stop()

    def _hand_back(self, text: str) -> None:
        """Put a message that was fetched but not started at the end of its queue."""
        try:
            enqueue(self.broker, JobId.parse(text), priority=self.priority)
        except QueueUnavailable:
            _log.warning("job %s: its message can't be requeued; the sweeper will send another", text)


def _perform(perform: Callable[[JobId], None], text: str) -> None:
    """Perform one job. The message counts as processed in any case."""
    try:
        perform(JobId.parse(text))
    except NothingToClaim:
        _log.debug("job %s: nothing to claim", text)
    except Exception:  # noqa: BLE001  # one failure must not end the thread
        _log.exception("job %s: the message is dropped", text)
