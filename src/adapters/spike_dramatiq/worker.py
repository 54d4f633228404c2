"""One shift: Dramatiq's workers on a broker, from coming to leaving."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import dramatiq
from attrs import field, frozen

from spike_core.domain.errors import NothingToClaim, QueueUnavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.priorities import Priority
from spike_core.ports.broker import WorkerPool
from spike_dramatiq.queue import ACTOR_NAMES, QUEUE_NAMES, DramatiqQueue
from spike_dramatiq.slots import WorkSlots

# How often idle threads look for messages and for whether they should stop. In process a message wakes them at once;
# over a network it waits for the next look, so this bounds how long an idle worker takes to begin.
IDLE_TIME: Final = timedelta(milliseconds=40)

_MILLISECOND: Final = timedelta(milliseconds=1)
_log: Final = logging.getLogger(__name__)


@contextmanager
def working(
    broker: dramatiq.Broker, perform: Callable[[JobId], None], *, pool: WorkerPool, drain: timedelta
) -> Iterator[None]:
    """Work for the broker until the context ends; see `Broker.work`.

    Each priority has a Dramatiq worker of its own, which fetches no more messages than it has threads for:
    `pool.threads` for HIGH, `pool.low_priority_max` for LOW. All share `pool.threads` slots, so HIGH jobs use whatever
    threads LOW jobs leave free, and never wait for a LOW job where the pool keeps threads for them.
    """
    before = list(broker.middleware)
    broker.delay_queues.clear()  # nothing is sent with a delay, the outbox waits instead: spare the looks into them
    priorities = [
        _PriorityWorker(broker=broker, priority=Priority.HIGH, threads=pool.threads),
        _PriorityWorker(broker=broker, priority=Priority.LOW, threads=pool.low_priority_max),
    ]
    slots = WorkSlots(pool.threads)
    for priority in priorities:
        priority.declare(perform, slots)
    # Only Dramatiq's own command says that a process boots; middleware with a thread of its own waits for it.
    broker.emit_after("process_boot")
    try:
        for priority in priorities:
            priority.worker.start()
            broker.middleware[:] = before  # each would go on listening for new queues, of which there are none
        yield
    finally:
        slots.close()
        for priority in priorities:
            priority.begin_no_more()
        until_s = time.monotonic() + drain.total_seconds()
        for priority in priorities:
            priority.worker.stop(timeout=max(0, round((until_s - time.monotonic()) * 1000)))
        if any(priority.is_busy for priority in priorities):
            _log.warning("work goes on after %s; nobody waits for it any more", drain)
        for priority in priorities:
            del broker.actors[ACTOR_NAMES[priority.priority]]


@frozen(kw_only=True)
class _PriorityWorker:
    """Dramatiq's worker of one lane."""

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
        worker.queue_prefetch = self.threads  # what waits here could be done elsewhere
        return worker

    @property
    def is_busy(self) -> bool:
        """Whether some thread hasn't come to its end."""
        return any(thread.is_alive() for thread in self.worker.workers)

    def declare(self, perform: Callable[[JobId], None], slots: WorkSlots) -> None:
        """Tell the broker what to do with this lane's messages."""

        @dramatiq.actor(
            broker=self.broker, actor_name=ACTOR_NAMES[self.priority], queue_name=QUEUE_NAMES[self.priority]
        )
        def deliver(text: str) -> None:
            if not slots.take():
                self._hand_back(text)
                return
            try:
                _perform(perform, text)
            finally:
                slots.give_back()

    def begin_no_more(self) -> None:
        """Let each thread end with the message that it has."""
        for thread in self.worker.workers:
            thread.stop()

    def _hand_back(self, text: str) -> None:
        """Put a message that was fetched and not begun at the end of its lane."""
        try:
            DramatiqQueue(self.broker).send(JobId.parse(text), priority=self.priority)
        except QueueUnavailable:
            _log.warning("job %s: its message can't be handed back; the sweeper will send another", text)


def _perform(perform: Callable[[JobId], None], text: str) -> None:
    """Perform one job; whatever happens, the message is done with."""
    try:
        perform(JobId.parse(text))
    except NothingToClaim:
        _log.debug("job %s: nothing to claim", text)
    except Exception:  # noqa: BLE001  # a thread must outlive its messages
        _log.exception("job %s: the message is dropped", text)
