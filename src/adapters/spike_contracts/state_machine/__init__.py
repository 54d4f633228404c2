"""The stateful machine: all operations and faults, in any order, and the invariants after each step.

Requests of users are in `pictures`, `orders`, `albums`, `removals` and `repeats`; workers in `workers`; periodic tasks,
time, queue and store in `background`; faults in `faults`. All share one `world`. The invariants after each step,
and after everything has been settled, are in `laws`. Every operation may be interrupted by a crash, or by a port that
fails, between any two port calls. The numbers I1 to I10 are those of `docs/architecture.md`.
"""

from spike_contracts.state_machine.albums import Arranging
from spike_contracts.state_machine.background import LookingAfter
from spike_contracts.state_machine.laws import Laws
from spike_contracts.state_machine.orders import Ordering
from spike_contracts.state_machine.pictures import Uploading
from spike_contracts.state_machine.removals import Removing
from spike_contracts.state_machine.repeats import Repeating
from spike_contracts.state_machine.workers import Working

__all__ = ["SpikeMachine"]


class SpikeMachine(Uploading, Ordering, Arranging, Removing, Repeating, Working, LookingAfter, Laws):
    """A subclass overrides `open_database`, which opens an empty database, and closes it in `teardown`.

    Its `TestCase` is what pytest runs: `TestMyMachine = MyMachine.TestCase`.
    """
