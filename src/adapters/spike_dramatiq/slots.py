"""Work slots: how many messages a process performs at once, across priorities."""

import threading


class WorkSlots:
    """A counting semaphore that can be closed; afterwards no slot can be taken."""

    def __init__(self, count: int) -> None:
        """Start with all slots free."""
        self._free = count
        self._closed = False
        self._changed = threading.Condition()

    def take(self) -> bool:
        """Wait for a free slot and take it; return `False` if the slots are closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._free)
            if self._closed:
                return False
            self._free -= 1
            return True

    def give_back(self) -> None:
        """Free a slot that was taken."""
        with self._changed:
            self._free += 1
            self._changed.notify()

    def close(self) -> None:
        """Prevent slots from being taken, and wake the threads that wait for one."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
