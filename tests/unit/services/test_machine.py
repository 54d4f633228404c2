"""The stateful machine with in-memory adapters, and with a subscriber to all events: no change escapes it."""

from hypothesis import settings

from effort import examples
from event_oracle import Everything, ObservedTransactions
from spike_contracts.state_machine import SpikeMachine
from spike_core.ports.factories import Database
from spike_memory import MemoryDatabase


class MemoryMachine(SpikeMachine):
    subscribers = (Everything(),)

    def open_database(self) -> Database:
        return MemoryDatabase(ObservedTransactions())


TestMemoryMachine = MemoryMachine.TestCase
TestMemoryMachine.settings = settings(max_examples=examples(250, share=16), stateful_step_count=50, deadline=None)
