"""The turns port: who waits, and for whom."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from spike_core.domain.identifiers import JobId, OwnerId
from spike_core.domain.jobs import PendingJob


class Turns(Protocol):
    """Whose turn it is, within one transaction.

    A pending job of which no outbox message tells waits for its turn. One that has a message, that was started or that
    a worker holds is on its way.
    """

    def on_their_way(self, owner_id: OwnerId, *, limit: int) -> int:
        """Return how many of the owner's jobs are on their way, counting no further than `limit`.

        Whoever has reached it isn't asked for the rest: those who have many jobs would wait for their own number.
        """

    def waiting(self, owner_id: OwnerId, *, limit: int) -> Sequence[PendingJob]:
        """Return at most `limit` of the owner's jobs that wait for their turn, oldest first."""

    def owners(self, *, below: int, limit: int) -> Sequence[OwnerId]:
        """Return at most `limit` owners who have jobs that wait, and fewer than `below` on their way.

        The owner of the job that has waited longest comes first.
        """

    def positions(self, job_ids: Collection[JobId]) -> Mapping[JobId, int]:
        """Return the place in the queue, 1 being next, of those of the jobs that no worker has claimed yet.

        First stand the jobs on their way, the oldest in front. Behind them stand those that wait for their turn: each
        owner's first, the oldest in front, then each owner's second, and so on.
        """
