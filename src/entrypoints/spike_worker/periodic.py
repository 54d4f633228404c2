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


@contextmanager
def continuously(action: Callable[[], int], *, every_s: float, name: str, patience_s: float) -> Iterator[None]:
    """Call `action` as `periodically` does, and at once again while it returns a number above 0.

    On exit, a call in progress is waited for `patience_s` seconds at most, as it may hang.
    """
    ended = threading.Event()
    log = get_logger(__name__)

    def run() -> None:
        while not ended.is_set():
            found = 0
            try:
                found = action()
            except Unavailable as error:
                log.warning("postponed", what=name, why=str(error))
            except Exception:
                log.exception("failed, and will be retried", what=name)
            if not found:
                ended.wait(every_s)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(patience_s)
        if thread.is_alive():
            log.warning("a call doesn't end and is left behind", what=name)
