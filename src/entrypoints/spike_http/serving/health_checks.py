"""The parts that a service stands on, asked how they are: all at once, and no longer than a watcher waits."""

import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from datetime import timedelta
from typing import Final, Literal

import structlog
from attrs import frozen

from spike_core.domain.errors import Unavailable

PATIENCE: Final = timedelta(seconds=2)  # with all parts together; watchers wait for some five seconds

State = Literal["ok", "unavailable", "timeout"]  # the last: it hasn't said anything


class Part:
    """One part of the service. Of several who ask it at once, all hear the same answer.

    So a part that hangs has one thread waiting for it, however often it is asked.
    """

    def __init__(self, name: str, ping: Callable[[], object]) -> None:
        """Ask nothing yet; `ping` raises `Unavailable` where the part is away."""
        self.name = name
        self._ping = ping
        self._asking = threading.Lock()
        self._answer: Future[State] | None = None

    def ask(self) -> "Question":
        """Ask, or join who is asking already."""
        with self._asking:
            if self._answer is not None and not self._answer.done():
                return Question(part=self, answer=self._answer, is_joined=True)
            self._answer = Future()
            threading.Thread(target=self._look, args=(self._answer,), name=f"ready-{self.name}", daemon=True).start()
            return Question(part=self, answer=self._answer, is_joined=False)

    def _look(self, answer: "Future[State]") -> None:
        log = structlog.get_logger(__name__)
        try:
            self._ping()
        except Unavailable as error:
            log.warning("not ready", part=self.name, why=str(error.__cause__ or error))
            answer.set_result("unavailable")
        except Exception:
            log.exception("not ready", part=self.name)
            answer.set_result("unavailable")
        else:
            answer.set_result("ok")


@frozen(kw_only=True)
class Question:
    """A part that has been asked."""

    part: Part
    answer: "Future[State]"
    is_joined: bool  # it was asked earlier, for somebody else

    def answered(self, *, until_s: float) -> State:
        """Return the part's state; `timeout` if it hasn't said by then, on the monotonic clock.

        Bad news may be old where the question was joined: then the part is asked once more.
        """
        state = _heard(self.answer, until_s=until_s)
        if state == "unavailable" and self.is_joined:
            return _heard(self.part.ask().answer, until_s=until_s)
        return state


def states_of(parts: Collection[Part], *, patience: timedelta = PATIENCE) -> Mapping[str, State]:
    """Return how each part is, by its name, after `patience` at the latest."""
    until_s = time.monotonic() + patience.total_seconds()
    questions = {part.name: part.ask() for part in parts}
    return {name: question.answered(until_s=until_s) for name, question in questions.items()}


def _heard(answer: "Future[State]", *, until_s: float) -> State:
    try:
        return answer.result(timeout=max(0.0, until_s - time.monotonic()))
    except TimeoutError:
        return "timeout"
