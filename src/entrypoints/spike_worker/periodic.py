"""Periodic actions, each in its own thread."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from spike_core.domain.errors import Unavailable
from spike_runtime.logs import get_logger


@contextmanager
def periodically(action: Callable[[], object], *, every_s: float, name: str) -> Iterator[None]:
    """Call `action` at once and then `every_s` seconds after each call has ended, until the context ends.

    Exceptions are logged and don't stop the calls. On exit, a call in progress is waited for.
    """
    ended = threading.Event()
    log = get_logger(__name__)

    def run() -> None:
        while not ended.is_set():
            try:
                action()
            except Unavailable as error:
                log.warning("postponed", what=name, why=str(error))
            except Exception:
                log.exception("failed, and will be retried", what=name)
            ended.wait(every_s)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
