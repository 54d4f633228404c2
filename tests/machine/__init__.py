"""The stateful machine: all operations and faults, in any order, and the invariants after each step.

Requests of users are in `pictures`, `orders`, `albums`, `removals` and `repeats`; workers in `workers`; periodic tasks,
time, queue and store in `background`; faults in `faults`. All share one `world`. The invariants after each step,
and after everything has been settled, are in `laws`. Every operation may be interrupted by a crash, or by a port that
fails, between any two port calls. The numbers I1 to I10 are those of `docs/architecture.md`.
"""

from machine.albums import Arranging
from machine.background import LookingAfter
from machine.laws import Laws
from machine.orders import Ordering
from machine.pictures import Uploading
from machine.removals import Removing
from machine.repeats import Repeating
from machine.workers import Working

__all__ = ["SpikeMachine"]


class SpikeMachine(Uploading, Ordering, Arranging, Removing, Repeating, Working, LookingAfter, Laws):
    """A subclass overrides `open_database`."""
