"""Work slots: how many messages a process performs at once, across priorities."""

import threading
from collections import Counter

from spike_core.domain.priorities import Priority
from spike_core.ports.broker import WorkerPool


class WorkSlots:
    """Places for work that can be closed; afterwards none can be taken.

    LOW and FREE work together have at most `pool.low_priority_max` places, and FREE work gets one only while no other
    waits that could have it.
    """

    def __init__(self, pool: WorkerPool) -> None:
        """Start with all slots free."""
        self._pool = pool
        self._busy: Counter[Priority] = Counter()
        self._waiting: Counter[Priority] = Counter()
        self._closed = False
        self._changed = threading.Condition()

    def take(self, priority: Priority) -> bool:
        """Wait for a free slot and take it; return `False` if the slots are closed."""
        with self._changed:
            self._waiting[priority] += 1
            self._changed.wait_for(lambda: self._closed or self._may_take(priority))
            self._waiting[priority] -= 1
            if self._closed:
                return False
            self._busy[priority] += 1
            return True

    def give_back(self, priority: Priority) -> None:
        """Free a slot that was taken."""
        with self._changed:
            self._busy[priority] -= 1
            self._changed.notify_all()

    def close(self) -> None:
        """Prevent slots from being taken, and wake the threads that wait for one."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _may_take(self, priority: Priority) -> bool:
        has_free = self._busy.total() < self._pool.size
        if priority is Priority.HIGH:
            return has_free
        has_free &= self._busy[Priority.LOW] + self._busy[Priority.FREE] < self._pool.low_priority_max
        if priority is Priority.LOW:
            return has_free
        return has_free and not (self._waiting[Priority.LOW] or self._waiting[Priority.HIGH])
