"""A database in memory, for a whole Spike in a test."""

from attrs import field, frozen

from spike_memory.transactions import MemoryTransactions


@frozen
class MemoryDatabase:
    """Has no schema, and is always there."""

    transactions: MemoryTransactions = field(factory=MemoryTransactions)

    def migrate(self) -> None:
        """Do nothing: there is no schema."""

    def ping(self) -> None:
        """Do nothing: it answers."""

    @property
    def is_exhausted(self) -> bool:
        """Whether a transaction would wait for a connection: there are none to wait for."""
        return False

    def close(self) -> None:
        """Do nothing: it goes with its last reference."""
