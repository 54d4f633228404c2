"""Something that is done again and again, in a thread of its own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from spike_core.domain.errors import Unavailable


@contextmanager
def periodically(action: Callable[[], object], *, every_s: float, name: str) -> Iterator[None]:
    """Call `action` now and then `every_s` seconds after each end, until the context ends.

    What it raises is logged, and the next call comes all the same. Leaving the context waits for a call under way.
    """
    ended = threading.Event()
    log = structlog.get_logger(__name__)

    def run() -> None:
        while not ended.is_set():
            try:
                action()
            except Unavailable as error:
                log.warning("put off", what=name, why=str(error))
            except Exception:
                log.exception("failed, and will be tried again", what=name)
            ended.wait(every_s)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
