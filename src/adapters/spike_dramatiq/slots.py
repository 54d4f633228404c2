"""Slots: how many messages of a process are worked on at once, whichever lane they came by."""

import threading


class WorkSlots:
    """So many slots; once they are closed, none is taken any more."""

    def __init__(self, count: int) -> None:
        """Begin with all of them free."""
        self._free = count
        self._closed = False
        self._changed = threading.Condition()

    def take(self) -> bool:
        """Wait for a free slot and take it, or return that there will be none, because they are closed."""
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
        """Let nobody take one any more, those who wait for one included."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
