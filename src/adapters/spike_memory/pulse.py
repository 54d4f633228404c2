"""A pulse that never beats by itself."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress


class StillPulse:
    """Remembers who wants to be called back, and calls when the test says so."""

    def __init__(self) -> None:
        """Begin with nobody to call."""
        self._beats: list[Callable[[], None]] = []

    def during(self, beat: Callable[[], None]) -> AbstractContextManager[None]:
        """Call `beat` when `strike` is called, until the context ends; see the port."""
        return self._during(beat)

    def strike(self) -> None:
        """Call everyone who is at work."""
        for beat in list(self._beats):
            with suppress(Exception):
                beat()

    @contextmanager
    def _during(self, beat: Callable[[], None]) -> Iterator[None]:
        self._beats.append(beat)
        try:
            yield
        finally:
            self._beats.remove(beat)
