"""A pulse that beats in a thread."""

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
    """Beats each `interval`, for the first time after one; each piece of work gets a thread of its own."""

    interval: timedelta = field(validator=validators.gt(timedelta(0)))

    def during(self, beat: Callable[[], None]) -> AbstractContextManager[None]:
        """Call `beat` from another thread until the context ends; see the port.

        Leaving doesn't wait for the interval's end, only for a `beat` that is running.
        """
        return self._during(beat)

    @contextmanager
    def _during(self, beat: Callable[[], None]) -> Iterator[None]:
        ended = threading.Event()
        # the beat logs under the ids that the work has bound: a thread begins without them
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
                _log.warning("a beat was missed: %s", error)
            except SpikeError as error:  # such as a lost lease, which the work finds out by itself
                _log.info("the beating ends: %s", error)
                return
            except Exception:  # noqa: BLE001  # the work must not see it
                _log.exception("the beating ends")
                return
