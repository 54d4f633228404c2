"""A heartbeat in a background thread."""

import contextvars
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Final

from attrs import field, frozen, validators

from spike_core.domain.errors import SpikeError, Unavailable

_log: Final = logging.getLogger(__name__)


@frozen
class ThreadHeartbeat:
    """Beats once per `interval`, starting after the first. Each piece of work has its own thread."""

    interval: timedelta = field(validator=validators.gt(timedelta(0)))

    def during(self, beat: Callable[[], None]) -> AbstractContextManager[None]:
        """Call `beat` in a thread until the context ends; see the port.

        Leaving the context waits for a running `beat`, not for the rest of the interval.
        """
        return self._during(beat)

    @contextmanager
    def _during(self, beat: Callable[[], None]) -> Iterator[None]:
        ended = threading.Event()
        # so that the beat's log lines have the ids bound by the work
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(self._beat, beat, ended), name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _beat(self, beat: Callable[[], None], ended: threading.Event) -> None:
        while not ended.wait(self.interval.total_seconds()):
            try:
                beat()
            except Unavailable as error:
                _log.warning("a heartbeat failed: %s", error)
            except SpikeError as error:  # such as a lost lease, which the work detects by itself
                _log.info("the heartbeat stops: %s", error)
                return
            except Exception:  # noqa: BLE001  # errors must not reach the work
                _log.exception("the heartbeat stops")
                return
