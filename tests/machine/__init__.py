"""The stateful machine: anything that can happen to a Spike, in any order, and the invariants after each step.

What people do is in `pictures`, `orders`, `albums`, `removals` and `repeats`; what workers do, in `workers`; what goes
on behind them, in `background`; what goes wrong, in `faults`. All of them share one `world`. What must hold after each
step, and once everything has come to rest, is in `laws`. Every operation may be cut off by a crash, or by a port that
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
    """Give it a database by overriding `open_database`."""
