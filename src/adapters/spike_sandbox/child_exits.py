"""The ways in which a child can exit before its work is done. `str()` is for logs, `reason` for users."""

import contextlib
import signal
from typing import Final

from attrs import frozen

# signals that a process gets because of its own faults; other signals are sent by other processes
_OWN_FAULTS: Final = frozenset(
    {
        signal.SIGSEGV,
        signal.SIGBUS,
        signal.SIGABRT,
        signal.SIGFPE,
        signal.SIGILL,
        signal.SIGXCPU,
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
    def is_picture_fault(self) -> bool:
        """Whether the same picture would crash the next child too."""
        return False


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
    def is_picture_fault(self) -> bool:
        """Whether the child crashed, used up its processor time, or made a forbidden system call."""
        return -self.exit_code in _OWN_FAULTS

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
