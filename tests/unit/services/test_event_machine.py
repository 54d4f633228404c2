"""The stateful machine of event deliveries, in memory; on databases: `tests/integration/sqlalchemy`."""

from hypothesis import settings

from effort import examples
from event_machine import EventMachine
from spike_core.ports.transactions import Transactions
from spike_memory import MemoryTransactions


class MemoryEventMachine(EventMachine):
    def open_transactions(self) -> Transactions:
        return MemoryTransactions()


TestMemoryEventMachine = MemoryEventMachine.TestCase
TestMemoryEventMachine.settings = settings(max_examples=examples(100), stateful_step_count=30, deadline=None)
