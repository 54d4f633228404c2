"""The ways in which a child ends before its work is done. The text of each is for the log, `told` is for users."""

import contextlib
import signal
from typing import Final

from attrs import frozen

# How a process ends that was led astray by what it read; others ended it for reasons of their own.
_OWN_FAULTS: Final = frozenset(
    {
        signal.SIGSEGV,
        signal.SIGBUS,
        signal.SIGABRT,
        signal.SIGFPE,
        signal.SIGILL,
        signal.SIGXCPU,
    }
)


class ChildExit(Exception):
    """A child ended, or had to be ended, before it had done its work."""

    @property
    def told(self) -> str:
        """What a user reads."""
        return "it stopped the engine"

    @property
    def is_the_pictures_fault(self) -> bool:
        """Whether the same picture will surely do the same to the next child."""
        return False


@frozen
class Died(ChildExit):
    """It ended by itself, or somebody else ended it; a negative code is a signal's number."""

    exit_code: int

    @property
    def told(self) -> str:
        """What a user reads."""
        match -self.exit_code:
            case signal.SIGXCPU:
                return "it took more processor time than one may"
            case signal.SIGKILL:
                return "the engine was killed, perhaps for want of memory"
            case _:
                return super().told

    @property
    def is_the_pictures_fault(self) -> bool:
        """Whether it met with an accident of its own, or used up its processor time."""
        return -self.exit_code in _OWN_FAULTS

    def __str__(self) -> str:
        """Tell the signal or the code."""
        if self.exit_code < 0:
            with contextlib.suppress(ValueError):
                return f"the child was ended by {signal.Signals(-self.exit_code).name}"
        return f"the child ended with code {self.exit_code}"


@frozen
class TimedOut(ChildExit):
    """It was still at work when its time was up."""

    wall_time_s: float

    @property
    def told(self) -> str:
        """What a user reads."""
        return "it took longer than one may"

    def __str__(self) -> str:
        """Tell the time."""
        return f"the child was at work for longer than {self.wall_time_s:g} s"


@frozen
class BrokeProtocol(ChildExit):
    """What it said is no answer."""

    what: str

    def __str__(self) -> str:
        """Tell what it was."""
        return f"the child's answer makes no sense: {self.what}"
