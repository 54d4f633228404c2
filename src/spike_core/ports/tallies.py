"""The tallies port."""

from typing import Protocol

from spike_core.domain.statistics import QueueStatistics, RefundStatistics


class Tallies(Protocol):
    """Numbers over all owners, within one transaction. They are read often, so they are found by indexes."""

    def queue(self) -> QueueStatistics:
        """Return how many jobs haven't ended."""

    def refunds(self) -> RefundStatistics:
        """Return how often jobs were refunded, and how much."""
