"""The order in which unclaimed jobs wait for a worker.

Jobs in flight come first, oldest first. Then come held-back jobs: each owner's first, oldest first, then each owner's
second, and so on.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Final, Self

from attrs import frozen

from spike_core.domain.identifiers import OwnerId
from spike_core.domain.jobs import JobSpec, PendingJob, StartedJob

QUEUE_ORDER_MAX: Final = 100_000  # jobs that an order counts; a longer queue is taken to end there

_Age = tuple[datetime, str]


@frozen
class UnclaimedJob:
    """What the order needs to know of an unclaimed job. Its fields are plain, since a queue has many of them."""

    created_at: datetime
    id_text: str
    owner_text: str
    is_held_back: bool


@frozen
class WaitingOwner:
    """An owner with held-back jobs."""

    owner_id: OwnerId
    in_flight: int  # of the owner's jobs


@frozen
class QueueOrder:
    """The unclaimed jobs at one moment. Built in linear time; a position then takes logarithmic time."""

    _in_flight: Sequence[_Age]
    _held_back: dict[str, list[_Age]]  # by owner
    _turns: Sequence[Sequence[_Age]]  # each owner's first held-back job, then each owner's second, …
    _before_turn: Sequence[int]  # how many jobs are before each of the turns

    @classmethod
    def of(cls, unclaimed: Iterable[UnclaimedJob]) -> Self:
        """Return the order of these jobs, which are given oldest first."""
        in_flight: list[_Age] = []
        held_back: defaultdict[str, list[_Age]] = defaultdict(list)
        turns: list[list[_Age]] = []
        for job in unclaimed:
            age = (job.created_at, job.id_text)
            if not job.is_held_back:
                in_flight.append(age)
                continue
            of_owner = held_back[job.owner_text]
            if len(of_owner) == len(turns):
                turns.append([])
            turns[len(of_owner)].append(age)
            of_owner.append(age)
        before = list(accumulate((len(turn) for turn in turns), initial=len(in_flight)))
        return cls(in_flight, dict(held_back), turns, before)

    def position(self, job: PendingJob | StartedJob) -> int:
        """Return the job's position, counted from 1.

        The job may have been accepted or started since. A pending job that isn't in the order is taken to be held back
        if its owner has held-back jobs, and else to be in flight.
        """
        age = _age(job.spec)
        of_owner = self._held_back.get(job.spec.owner_id.text, ())
        if not of_owner or isinstance(job, StartedJob) or _contains(self._in_flight, age):
            return bisect_left(self._in_flight, age) + 1
        turn = bisect_left(of_owner, age)
        if turn == len(self._turns):
            return self._before_turn[turn] + 1
        return self._before_turn[turn] + bisect_left(self._turns[turn], age) + 1


def _age(spec: JobSpec) -> _Age:
    return spec.created_at, spec.id.text


def _contains(ages: Sequence[_Age], age: _Age) -> bool:
    place = bisect_left(ages, age)
    return place < len(ages) and ages[place] == age
