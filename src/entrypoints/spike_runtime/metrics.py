"""What the processes of a service count."""

from datetime import timedelta
from typing import Protocol

from spike_core.domain.tiers import Tier


class Metrics(Protocol):
    """Counters of this process, and the exposition of all metrics."""

    def count_request(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request."""

    def count_attempt(self, *, tier: Tier, outcome: str, seconds: float) -> None:
        """Count an attempt at a job."""

    def count_wait(self, *, tier: Tier, wait: timedelta) -> None:
        """Record how long a job has waited for its first worker."""

    def count_recovery(self, *, sweep: str, found: int) -> None:
        """Count a run of a periodic task, and how many things it found to do."""

    def count_postponed(self, *, sweep: str, postponed: int) -> None:
        """Count things that a periodic task couldn't do and will try again later."""

    def count_events(self, *, subscriber: str, handled: int, failed: int, set_aside: int) -> None:
        """Count events that were handed to a subscriber, by what became of them."""

    def exposition(self) -> bytes:
        """Return all metrics in the text format of Prometheus, version 0.0.4."""
