"""A pulse that never beats by itself."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from spike_core.domain.errors import Unavailable


class NoopHeartbeat:
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
            try:
                beat()
            except Unavailable:
                continue
            except Exception:  # noqa: BLE001  # whatever it was, it was the last beat
                self._beats.remove(beat)

    @contextmanager
    def _during(self, beat: Callable[[], None]) -> Iterator[None]:
        self._beats.append(beat)
        try:
            yield
        finally:
            with suppress(ValueError):  # it may have ended itself
                self._beats.remove(beat)
