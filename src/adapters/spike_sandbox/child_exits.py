"""The ways in which a child can exit before its work is done. `str()` is for logs, `reason` for users."""

import contextlib
import signal
from typing import Final

from attrs import frozen

from spike_core.domain.errors import TooSlowToDecode, UnacceptablePicture, UndecodablePicture

# signals that a process gets because of its own faults; other signals are sent by other processes
_OWN_FAULTS: Final = frozenset(
    {
        signal.SIGSEGV,
        signal.SIGBUS,
        signal.SIGABRT,
        signal.SIGFPE,
        signal.SIGILL,
        signal.SIGSYS,
    }
)


class ChildExit(Exception):
    """A child exited, or had to be killed, before its work was done."""

    @property
    def reason(self) -> str:
        """The reason, for users."""
        return "it stopped the engine"

    @property
    def refusal(self) -> UnacceptablePicture | None:
        """The error of the picture, if the same picture would end the next child too."""
        return None


@frozen
class Died(ChildExit):
    """The child exited by itself or was killed by another process; a negative code is a signal's number."""

    exit_code: int

    @property
    def reason(self) -> str:
        """The reason, for users."""
        match -self.exit_code:
            case signal.SIGXCPU:
                return "it exceeded the limit on processor time"
            case signal.SIGSYS:
                return "it made the engine attempt what the sandbox forbids"
            case signal.SIGKILL:
                return "the engine was killed, possibly for lack of memory"
            case _:
                return super().reason

    @property
    def refusal(self) -> UnacceptablePicture | None:
        """The error of a picture that used up the processor time, crashed the child, or made it break a rule."""
        if -self.exit_code == signal.SIGXCPU:
            return TooSlowToDecode()
        return UndecodablePicture() if -self.exit_code in _OWN_FAULTS else None

    def __str__(self) -> str:
        """Name the signal or the exit code."""
        if self.exit_code < 0:
            with contextlib.suppress(ValueError):
                return f"the child was killed by {signal.Signals(-self.exit_code).name}"
        return f"the child exited with code {self.exit_code}"


@frozen
class TimedOut(ChildExit):
    """The child exceeded its time limit."""

    wall_time_s: float

    @property
    def reason(self) -> str:
        """The reason, for users."""
        return "it exceeded the time limit"

    def __str__(self) -> str:
        """Name the time limit."""
        return f"the child worked for longer than {self.wall_time_s:g} s"


@frozen
class BrokeProtocol(ChildExit):
    """The child's answer violates the protocol."""

    what: str

    def __str__(self) -> str:
        """Describe the violation."""
        return f"the child's answer is invalid: {self.what}"
