"""A heartbeat that tests trigger."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from spike_core.domain.errors import Unavailable


class NoopHeartbeat:
    """Calls the registered functions when the test calls `strike`."""

    def __init__(self) -> None:
        """Begin without functions."""
        self._beats: list[Callable[[], None]] = []

    def during(self, beat: Callable[[], None]) -> AbstractContextManager[None]:
        """Call `beat` when `strike` is called, until the context ends; see the port."""
        return self._during(beat)

    def strike(self) -> None:
        """Call all registered functions."""
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
