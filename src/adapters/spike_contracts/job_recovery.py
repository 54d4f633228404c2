"""The laws of `JobRepository`: expired leases and unclaimed jobs."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from attrs import evolve

from spike_contracts.builders import (
    LEASE,
    NOON,
    a_claimed_job,
    a_job,
    a_job_id,
    a_started_job,
    a_task_of_each_kind,
    an_order,
)
from spike_contracts.jobs import a_job_of_each_kind, store
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.cursors import StartCursor
from spike_core.domain.jobs import ClaimedJob, PendingJob, StartedJob
from spike_core.domain.priorities import Priority
from spike_core.ports.transactions import Transactions

SECOND: Final = timedelta(seconds=1)
THE_END: Final = datetime.max.replace(tzinfo=UTC)


class JobRecoveryContract:
    """Laws every JobRepository adapter keeps. Needs the fixture `transactions`, of an empty database."""

    def test_a_lease_that_has_run_out_is_found(self, transactions: Transactions) -> None:
        """From the instant of its expiry on."""
        over, just_over, live = (a_claimed_job(now=NOON + n * SECOND) for n in range(3))
        with transactions.begin() as tx:
            store(tx, live, just_over, over)
        with transactions.view() as tx:
            assert list(tx.jobs.with_expired_lease(now=just_over.leased_until, limit=9)) == [over, just_over]
            assert list(tx.jobs.with_expired_lease(now=NOON, limit=9)) == []

    @pytest.mark.parametrize("limit", [1, 2, 9])
    def test_started_jobs_come_in_pages_in_the_order_of_their_starts(
        self, transactions: Transactions, limit: int
    ) -> None:
        """However old they are; those started later, claimed or settled don't come."""
        jobs = [a_job(now=NOON - age * SECOND).start(now=NOON + age // 2 * SECOND) for age in range(5)]
        late = a_started_job(now=NOON + 3 * SECOND)
        with transactions.begin() as tx:
            store(tx, late, *reversed(jobs), a_job(), a_claimed_job(), a_job().cancel(now=NOON))
        found: list[StartCursor] = []
        with transactions.view() as tx:
            while page := tx.jobs.started(
                Priority.HIGH, before=late.started_at, after=found[-1] if found else None, limit=limit
            ):
                assert len(page) <= limit
                found.extend(page)
            assert list(tx.jobs.started(Priority.HIGH, before=NOON, limit=9)) == []
        assert found == sorted(StartCursor(job.started_at, job.id) for job in jobs)

    def test_started_jobs_are_of_the_queue_of_their_priority(self, transactions: Transactions) -> None:
        specs = [an_order(tier=tier) for tier in SPECIFIED.tiers]
        tasks = [(spec, task) for spec in specs for task in a_task_of_each_kind(spec.id)]
        jobs = [PendingJob(spec=evolve(spec, id=a_job_id(), task=task)).start(now=NOON) for spec, task in tasks]
        with transactions.begin() as tx:
            store(tx, *jobs)
        with transactions.view() as tx:
            for priority in Priority:
                found = tx.jobs.started(priority, before=THE_END, limit=99)
                assert {cursor.id for cursor in found} == {job.id for job in jobs if job.spec.priority is priority}
                assert found

    def test_each_question_is_about_one_state(self, transactions: Transactions) -> None:
        jobs = a_job_of_each_kind()
        with transactions.begin() as tx:
            store(tx, *jobs)
        with transactions.view() as tx:
            assert [type(job) for job in tx.jobs.with_expired_lease(now=THE_END, limit=9)] == [ClaimedJob]
            started = [tx.jobs.started(priority, before=THE_END, limit=9) for priority in Priority]
            assert {cursor.id for page in started for cursor in page} == {
                job.id for job in jobs if isinstance(job, StartedJob)
            }

    def test_the_oldest_come_first_and_no_more_than_asked_for(self, transactions: Transactions) -> None:
        ages = (2, 0, 1)
        # claimed in reverse order of creation, which doesn't matter
        claimed = [a_job(now=NOON + age * SECOND).claim(now=NOON - age * SECOND, lease=LEASE) for age in ages]
        with transactions.begin() as tx:
            store(tx, *claimed)
        with transactions.view() as tx:
            assert list(tx.jobs.with_expired_lease(now=THE_END, limit=2)) == [claimed[1], claimed[2]]

    def test_nothing_is_overdue_where_there_is_nothing(self, transactions: Transactions) -> None:
        with transactions.view() as tx:
            assert list(tx.jobs.with_expired_lease(now=THE_END, limit=9)) == []
            assert [list(tx.jobs.started(priority, before=THE_END, limit=9)) for priority in Priority] == [[]] * len(
                Priority
            )
