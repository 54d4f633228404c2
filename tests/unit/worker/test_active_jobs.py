from datetime import timedelta

import pytest

from spike_contracts.builders import NOON, a_claimed_job
from spike_worker.active_jobs import ActiveJobs


def test_a_job_is_in_work_until_its_context_ends_however_it_ends() -> None:
    active_jobs, one, other = ActiveJobs(), a_claimed_job(), a_claimed_job()
    with active_jobs.holding(one):
        with active_jobs.holding(other):
            assert active_jobs.jobs == [one, other]
        assert active_jobs.jobs == [one]
        with pytest.raises(ZeroDivisionError), active_jobs.holding(other):
            raise ZeroDivisionError
        assert active_jobs.jobs == [one]
    assert active_jobs.jobs == []


def test_overdue_is_what_was_claimed_longer_ago_than_an_attempt_may_take() -> None:
    active_jobs = ActiveJobs()
    old, new = a_claimed_job(now=NOON), a_claimed_job(now=NOON + timedelta(seconds=1))
    with active_jobs.holding(old), active_jobs.holding(new):
        minute = timedelta(minutes=1)
        assert active_jobs.overdue(now=NOON + minute, work_time_max=minute) == []
        assert active_jobs.overdue(now=NOON + minute + timedelta(microseconds=1), work_time_max=minute) == [old]
