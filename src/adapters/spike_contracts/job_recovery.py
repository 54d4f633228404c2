"""The laws of `JobRepository`: expired leases and unclaimed jobs."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from spike_contracts.builders import LEASE, NOON, a_claimed_job, a_job, a_started_job
from spike_contracts.jobs import a_job_of_each_kind, store
from spike_core.domain.cursors import JobCursor
from spike_core.domain.jobs import ClaimedJob, StartedJob
from spike_core.ports.transactions import Transactions

SECOND: Final = timedelta(seconds=1)
THE_END: Final = datetime.max.replace(tzinfo=UTC)


class JobRecoveryContract:
    """Laws every JobRepository adapter keeps."""

    def test_a_lease_that_has_run_out_is_found(self, transactions: Transactions) -> None:
        """From the instant of its expiry on."""
        over, just_over, live = (a_claimed_job(now=NOON + n * SECOND) for n in range(3))
        with transactions.begin() as tx:
            store(tx, live, just_over, over)
        with transactions.view() as tx:
            assert list(tx.jobs.with_expired_lease(now=just_over.leased_until, limit=9)) == [over, just_over]
            assert list(tx.jobs.with_expired_lease(now=NOON, limit=9)) == []

    def test_a_started_job_that_nobody_claimed_is_found(self, transactions: Transactions) -> None:
        """If it was started before the given instant, but not at that instant."""
        old, young = a_started_job(now=NOON), a_started_job(now=NOON + SECOND)
        with transactions.begin() as tx:
            store(tx, young, old)
        with transactions.view() as tx:
            assert list(tx.jobs.unclaimed(started_before=young.started_at, limit=9)) == [old]
            assert list(tx.jobs.unclaimed(started_before=NOON, limit=9)) == []

    @pytest.mark.parametrize("limit", [1, 2, 9])
    def test_started_jobs_come_in_pages_oldest_first(self, transactions: Transactions, limit: int) -> None:
        """By the age of the job, whenever it was started; those started later, claimed or settled don't come."""
        jobs = [a_job(now=NOON + age * SECOND).start(now=NOON - age * SECOND) for age in range(5)]
        late = a_started_job(now=NOON + SECOND)
        with transactions.begin() as tx:
            store(tx, late, *reversed(jobs), a_job(), a_claimed_job(), a_job().cancel(now=NOON))
        found: list[JobCursor] = []
        with transactions.view() as tx:
            while page := tx.jobs.started(before=NOON + SECOND, after=found[-1] if found else None, limit=limit):
                assert len(page) <= limit
                found.extend(page)
            assert list(tx.jobs.started(before=NOON - 4 * SECOND, limit=9)) == []
        assert found == [job.spec.cursor for job in jobs]

    def test_each_question_is_about_one_state(self, transactions: Transactions) -> None:
        jobs = a_job_of_each_kind()
        with transactions.begin() as tx:
            store(tx, *jobs)
        with transactions.view() as tx:
            assert [type(job) for job in tx.jobs.with_expired_lease(now=THE_END, limit=9)] == [ClaimedJob]
            assert [type(job) for job in tx.jobs.unclaimed(started_before=THE_END, limit=9)] == [StartedJob]

    def test_the_oldest_come_first_and_no_more_than_asked_for(self, transactions: Transactions) -> None:
        ages = (2, 0, 1)
        # started and claimed in reverse order of creation, which doesn't matter
        started = [a_job(now=NOON + age * SECOND).start(now=NOON - age * SECOND) for age in ages]
        claimed = [a_job(now=NOON + age * SECOND).claim(now=NOON - age * SECOND, lease=LEASE) for age in ages]
        with transactions.begin() as tx:
            store(tx, *started, *claimed)
        with transactions.view() as tx:
            assert list(tx.jobs.unclaimed(started_before=THE_END, limit=2)) == [started[1], started[2]]
            assert list(tx.jobs.with_expired_lease(now=THE_END, limit=2)) == [claimed[1], claimed[2]]

    def test_nothing_is_overdue_where_there_is_nothing(self, transactions: Transactions) -> None:
        with transactions.view() as tx:
            assert list(tx.jobs.with_expired_lease(now=THE_END, limit=9)) == []
            assert list(tx.jobs.unclaimed(started_before=THE_END, limit=9)) == []
