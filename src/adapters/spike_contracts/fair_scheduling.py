"""The laws of `JobRepository`: held-back jobs, jobs in flight, queue positions."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from attrs import evolve

from spike_contracts.builders import NOON, a_claimed_job, a_job, a_started_job, an_image, an_owner
from spike_contracts.jobs import a_job_of_each_kind, store
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.jobs import PendingJob, StartedJob
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.tiers import Tier
from spike_core.ports.transactions import Transaction, Transactions

SECOND: Final = timedelta(seconds=1)


def a_job_of(owner_id: OwnerId, *, age: int = 0) -> PendingJob:
    """Return a job of this owner, created `age` seconds after noon."""
    return a_job(image=an_image(owner_id=owner_id), now=NOON + age * SECOND)


def announce(tx: Transaction, *jobs: PendingJob) -> None:
    tx.outbox.put([OutboxMessage(job_id=job.id, due_at=NOON) for job in jobs])


def _waiting(
    tx: Transaction, *, count_max: int, limit: int, after: OwnerId | None = None
) -> Sequence[tuple[OwnerId, int]]:
    found = tx.jobs.waiting_owners(after=after, count_max=count_max, limit=limit)
    return [(owner.owner_id, owner.in_flight) for owner in found]


class FairSchedulingContract:
    """Laws every JobRepository adapter keeps. Needs the fixture `transactions`, of an empty database."""

    def test_what_is_announced_started_or_claimed_is_on_its_way(self, transactions: Transactions) -> None:
        """Held-back and settled jobs, and other owners' jobs, don't count."""
        ada, bob = an_owner(), an_owner()
        jobs = a_job_of_each_kind()
        jobs = [evolve(job, spec=evolve(job.spec, owner_id=ada)) for job in jobs]
        announced, waiting = a_job_of(ada), a_job_of(ada)
        with transactions.begin() as tx:
            store(tx, *jobs, announced, waiting, a_job_of(bob))
            announce(tx, announced)
        with transactions.view() as tx:
            assert len(tx.jobs.in_flight(ada, limit=9)) == 3
            assert not tx.jobs.in_flight(bob, limit=9)
            assert not tx.jobs.in_flight(an_owner(), limit=9)

    def test_those_on_their_way_are_counted_no_further_than_the_limit(self, transactions: Transactions) -> None:
        """In any order of creation among held-back jobs."""
        ada = an_owner()
        jobs = [a_job_of(ada, age=age) for age in range(5)]
        with transactions.begin() as tx:
            store(tx, *jobs)
            announce(tx, jobs[1], jobs[4])
        with transactions.view() as tx:
            assert [len(tx.jobs.in_flight(ada, limit=limit)) for limit in (1, 2, 3)] == [1, 2, 2]

    def test_jobs_in_flight_tell_their_tiers_oldest_first(self, transactions: Transactions) -> None:
        ada = an_owner()
        images = [an_image(owner_id=ada) for _ in range(3)]
        tiers = [Tier.TIER_4K, Tier.FREE, Tier.TIER_2K]
        jobs = [
            a_job(image=image, tier=tier, now=NOON + timedelta(seconds=index))
            for index, (image, tier) in enumerate(zip(images, tiers, strict=True))
        ]
        with transactions.begin() as tx:
            store(tx, *jobs)
            announce(tx, *jobs)
        with transactions.view() as tx:
            assert list(tx.jobs.in_flight(ada, limit=2)) == tiers[:2]

    def test_others_wait_where_another_owners_job_is_unclaimed(self, transactions: Transactions) -> None:
        """Held back, announced or started, before or behind this owner; claimed and settled jobs don't wait."""
        owners = sorted(an_owner() for _ in range(3))
        held_back, started = a_job_of(owners[0]), a_started_job(image=an_image(owner_id=owners[2]))
        claimed = a_claimed_job(image=an_image(owner_id=owners[1]))
        seen = []
        for job in (claimed, held_back, started):
            with transactions.begin() as tx:
                store(tx, job)
            with transactions.view() as tx:
                seen.append([tx.jobs.others_wait(owner_id) for owner_id in owners])
        assert seen == [[False] * 3, [False, True, True], [True, True, True]]

    def test_those_that_wait_come_oldest_first_and_no_more_than_asked_for(self, transactions: Transactions) -> None:
        ada, bob = an_owner(), an_owner()
        young, old, announced, other = a_job_of(ada, age=2), a_job_of(ada, age=1), a_job_of(ada), a_job_of(bob)
        with transactions.begin() as tx:
            store(tx, young, old, announced, other)
            announce(tx, announced)
        with transactions.view() as tx:
            assert list(tx.jobs.held_back(ada, limit=9)) == [old, young]
            assert list(tx.jobs.held_back(ada, limit=1)) == [old]
            assert list(tx.jobs.held_back(an_owner(), limit=9)) == []

    def test_owners_with_held_back_jobs_are_found_with_what_is_in_flight(self, transactions: Transactions) -> None:
        """Each once, by id, and counted no further than asked; owners of other jobs aren't found."""
        idle, few, busy, ended = (an_owner() for _ in range(4))
        announced = a_job_of(busy)
        with transactions.begin() as tx:
            store(
                tx,
                a_job_of(few, age=2),
                a_job_of(few, age=1),
                announced,
                a_job_of(busy, age=3),
                *(a_started_job(image=an_image(owner_id=busy)) for _ in range(3)),
                a_started_job(image=an_image(owner_id=idle)),
                a_job_of(ended).cancel(now=NOON),
            )
            announce(tx, announced)
        with transactions.view() as tx:
            assert _waiting(tx, count_max=9, limit=9) == [(few, 0), (busy, 4)]
            assert _waiting(tx, count_max=2, limit=9) == [(few, 0), (busy, 2)]

    def test_owners_with_held_back_jobs_come_in_pages(self, transactions: Transactions) -> None:
        owners = [an_owner() for _ in range(5)]
        with transactions.begin() as tx:
            store(tx, *(a_job_of(owner_id, age=age) for owner_id in reversed(owners) for age in range(2)))
        with transactions.view() as tx:
            assert _waiting(tx, count_max=1, limit=2) == [(owner_id, 0) for owner_id in owners[:2]]
            assert _waiting(tx, count_max=1, limit=9, after=owners[1]) == [(owner_id, 0) for owner_id in owners[2:]]
            assert _waiting(tx, count_max=1, limit=9, after=owners[-1]) == []

    def test_what_is_on_its_way_stands_in_line_by_age(self, transactions: Transactions) -> None:
        """By age, then by id; jobs of all owners count, claimed and settled ones don't."""
        first, twin, last = a_job(), a_started_job(), a_job(now=NOON + SECOND)
        at_work = a_claimed_job(now=NOON - SECOND)
        at_rest = a_job(now=NOON - SECOND).cancel(now=NOON)
        with transactions.begin() as tx:
            store(tx, last, at_work, twin, first, at_rest)
            announce(tx, first, last)
        with transactions.view() as tx:
            order = tx.jobs.queue_order(limit=9)
        assert [order.position(job) for job in (first, twin, last)] == [1, 2, 3]

    def test_jobs_that_no_longer_wait_have_no_place_in_the_order(self, transactions: Transactions) -> None:
        """Neither one at work nor one of each kind at rest moves a job behind it."""
        waiting = a_job(now=NOON + SECOND)
        others = [job for job in a_job_of_each_kind() if not isinstance(job, PendingJob | StartedJob)]
        with transactions.begin() as tx:
            store(tx, *others, waiting)
        with transactions.view() as tx:
            assert tx.jobs.queue_order(limit=99).position(waiting) == 1

    def test_the_order_counts_no_more_than_the_limit_and_the_oldest(self, transactions: Transactions) -> None:
        jobs = [a_started_job(now=NOON + age * SECOND) for age in range(4)]
        with transactions.begin() as tx:
            store(tx, *reversed(jobs))
        with transactions.view() as tx:
            order = tx.jobs.queue_order(limit=2)
        assert [order.position(job) for job in jobs] == [1, 2, 3, 3]

    def test_those_that_wait_for_their_turn_stand_behind_and_owners_take_turns(
        self, transactions: Transactions
    ) -> None:
        ada, bob, eve = (an_owner() for _ in range(3))
        hers = [a_job_of(ada, age=age) for age in range(3)]
        his = [a_job_of(bob, age=age) for age in (3, 4)]
        moving = a_job_of(eve, age=9)
        with transactions.begin() as tx:
            store(tx, *hers, *his, moving)
            announce(tx, moving)
        line = [moving, hers[0], his[0], hers[1], his[1], hers[2]]
        with transactions.view() as tx:
            order = tx.jobs.queue_order(limit=9)
        assert [order.position(job) for job in line] == [1, 2, 3, 4, 5, 6]
