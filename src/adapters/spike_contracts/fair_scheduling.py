"""The laws of `JobRepository`: held-back jobs, jobs in flight, queue positions."""

from datetime import timedelta
from typing import Final

from attrs import evolve

from spike_contracts.builders import NOON, a_claimed_job, a_job, a_started_job, an_image, an_owner
from spike_contracts.jobs import a_job_of_each_kind, store
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.jobs import PendingJob, StartedJob
from spike_core.domain.outbox import OutboxMessage
from spike_core.ports.transactions import Transaction, Transactions

SECOND: Final = timedelta(seconds=1)


def a_job_of(owner_id: OwnerId, *, age: int = 0) -> PendingJob:
    """Return a job of this owner; a lower age is older."""
    return a_job(image=an_image(owner_id=owner_id), now=NOON + age * SECOND)


def announce(tx: Transaction, *jobs: PendingJob) -> None:
    tx.outbox.put([OutboxMessage(job_id=job.id, due_at=NOON) for job in jobs])


class FairSchedulingContract:
    """Laws every JobRepository adapter keeps."""

    def test_what_is_announced_started_or_claimed_is_on_its_way(self, transactions: Transactions) -> None:
        """What waits isn't, and what has ended isn't any more; others' jobs don't count."""
        ada, bob = an_owner(), an_owner()
        jobs = a_job_of_each_kind()
        jobs = [evolve(job, spec=evolve(job.spec, owner_id=ada)) for job in jobs]
        announced, waiting = a_job_of(ada), a_job_of(ada)
        with transactions.begin() as tx:
            store(tx, *jobs, announced, waiting, a_job_of(bob))
            announce(tx, announced)
        with transactions.view() as tx:
            assert tx.jobs.in_flight(ada, limit=9) == 3
            assert tx.jobs.in_flight(bob, limit=9) == 0
            assert tx.jobs.in_flight(an_owner(), limit=9) == 0

    def test_those_on_their_way_are_counted_no_further_than_the_limit(self, transactions: Transactions) -> None:
        """However they lie among those that wait."""
        ada = an_owner()
        jobs = [a_job_of(ada, age=age) for age in range(5)]
        with transactions.begin() as tx:
            store(tx, *jobs)
            announce(tx, jobs[1], jobs[4])
        with transactions.view() as tx:
            assert [tx.jobs.in_flight(ada, limit=limit) for limit in (1, 2, 3)] == [1, 2, 2]

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

    def test_owners_come_who_have_waiting_jobs_and_room(self, transactions: Transactions) -> None:
        """Who has waited longest comes first."""
        late, early, busy, idle = (an_owner() for _ in range(4))
        started = a_started_job(image=an_image(owner_id=busy))
        with transactions.begin() as tx:
            announced = a_job_of(idle)
            store(
                tx,
                a_job_of(late, age=2),
                a_job_of(early, age=1),
                a_job_of(late, age=3),
                a_job_of(busy),
                started,
                announced,
            )
            announce(tx, announced)
        with transactions.view() as tx:
            assert list(tx.jobs.owners_with_room(below=1, limit=9)) == [early, late]
            assert list(tx.jobs.owners_with_room(below=2, limit=9)) == [busy, early, late]
            assert list(tx.jobs.owners_with_room(below=2, limit=1)) == [busy]
            assert list(tx.jobs.owners_with_room(below=0, limit=9)) == []

    def test_what_is_on_its_way_stands_in_line_by_age(self, transactions: Transactions) -> None:
        """By age, then by id; all owners' jobs count, those at work and at rest don't."""
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
