"""The retry policy: how often and for how long requests are retried."""

import logging
import time
from collections.abc import Callable
from typing import Final, TypeVar

from attrs import field, frozen, validators

from spike_network import Deadline
from spike_openai.errors import TransientServerError

_log: Final = logging.getLogger(__name__)
_Result = TypeVar("_Result")


@frozen(kw_only=True)
class RetryPolicy:
    """How requests for one picture are retried. Times are in seconds."""

    tries_max: int = field(default=3, validator=validators.ge(1))  # of each request
    answer_s_max: float = 180.0  # one try, from connecting to the last byte
    total_s_max: float = 300.0  # all tries and pauses of one picture
    pause_s: float = 1.0  # before the second try; doubles with each further one
    pause_s_max: float = 30.0  # if the server asks for a longer pause, the attempt fails and the job is retried later
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic

    def deadline(self) -> Deadline:
        """Return the deadline of a picture requested now."""
        return Deadline.after(self.total_s_max, monotonic=self.monotonic)

    def call(self, ask: Callable[[Deadline], _Result], *, deadline: Deadline) -> _Result:
        """Call `ask` until it succeeds, while errors are transient and tries and time are left.

        Raises:
            TransientServerError: the last try's.
        """
        for tried in range(self.tries_max - 1):
            try:
                return ask(deadline.sooner(self.answer_s_max))
            except TransientServerError as error:
                pause_s = max(error.pause_s, self.pause_s * 2**tried)
                if pause_s > self.pause_s_max or pause_s >= deadline.left_s:
                    raise
                _log.warning("%s; retrying in %.1f s", error, pause_s)
                self.sleep(pause_s)
        return ask(deadline.sooner(self.answer_s_max))
