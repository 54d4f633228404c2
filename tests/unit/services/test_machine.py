"""The stateful machine with in-memory adapters."""

from hypothesis import settings

from effort import examples
from spike_contracts.machine import SpikeMachine
from spike_core.ports.factories import Database
from spike_memory import MemoryDatabase


class MemoryMachine(SpikeMachine):
    def open_database(self) -> Database:
        return MemoryDatabase()


TestMemoryMachine = MemoryMachine.TestCase
TestMemoryMachine.settings = settings(max_examples=examples(250), stateful_step_count=50, deadline=None)
