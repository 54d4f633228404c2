"""Patience: how often and how long the server is asked."""

import logging
import time
from collections.abc import Callable
from typing import Final, TypeVar

from attrs import field, frozen, validators

from spike_network import Deadline
from spike_openai.errors import PassingTrouble

_log: Final = logging.getLogger(__name__)
_Result = TypeVar("_Result")


@frozen(kw_only=True)
class RetryPolicy:
    """How patient we are with the server, for one picture. Times are in seconds."""

    tries_max: int = field(default=3, validator=validators.ge(1))  # of each request
    answer_s_max: float = 180.0  # one try, from the connection to the last byte
    total_s_max: float = 300.0  # all tries and pauses for one picture
    pause_s: float = 1.0  # before the second try; it doubles with each further one
    pause_s_max: float = 30.0  # a server that wants more is given up: the job will come again
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic

    def deadline(self) -> Deadline:
        """Return when all must be over that begins now."""
        return Deadline.after(self.total_s_max, monotonic=self.monotonic)

    def insist(self, ask: Callable[[Deadline], _Result], *, deadline: Deadline) -> _Result:
        """Ask again as long as the trouble is passing, there are tries left, and time.

        Raises:
            PassingTrouble: the last try's.
        """
        for tried in range(self.tries_max - 1):
            try:
                return ask(deadline.sooner(self.answer_s_max))
            except PassingTrouble as trouble:
                pause_s = max(trouble.pause_s, self.pause_s * 2**tried)
                if pause_s > self.pause_s_max or pause_s >= deadline.left_s:
                    raise
                _log.warning("%s; asking again in %.1f s", trouble, pause_s)
                self.sleep(pause_s)
        return ask(deadline.sooner(self.answer_s_max))
