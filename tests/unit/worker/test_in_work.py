from datetime import timedelta

import pytest

from spike_contracts.builders import NOON, a_claimed_job
from spike_worker.in_work import InWork


def test_a_job_is_in_work_until_its_context_ends_however_it_ends() -> None:
    in_work, one, other = InWork(), a_claimed_job(), a_claimed_job()
    with in_work.holding(one):
        with in_work.holding(other):
            assert in_work.jobs == [one, other]
        assert in_work.jobs == [one]
        with pytest.raises(ZeroDivisionError), in_work.holding(other):
            raise ZeroDivisionError
        assert in_work.jobs == [one]
    assert in_work.jobs == []


def test_overdue_is_what_was_claimed_longer_ago_than_an_attempt_may_take() -> None:
    in_work = InWork()
    old, new = a_claimed_job(now=NOON), a_claimed_job(now=NOON + timedelta(seconds=1))
    with in_work.holding(old), in_work.holding(new):
        minute = timedelta(minutes=1)
        assert in_work.overdue(now=NOON + minute, work_time_max=minute) == []
        assert in_work.overdue(now=NOON + minute + timedelta(microseconds=1), work_time_max=minute) == [old]
