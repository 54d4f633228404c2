"""The statistics port."""

from typing import Protocol

from spike_core.domain.statistics import QueueStatistics, RefundStatistics


class Statistics(Protocol):
    """Statistics over all owners, within one transaction. They are read often, so indexes must cover them."""

    def queue(self) -> QueueStatistics:
        """Return the number of unsettled jobs by state."""

    def refunds(self) -> RefundStatistics:
        """Return the number of refunds and their sum."""
