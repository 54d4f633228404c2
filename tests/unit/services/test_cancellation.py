from datetime import timedelta

import pytest

from faults import FaultyTransactions, database_fails
from house import House
from spike_contracts.builders import a_job_id, a_result
from spike_core.domain.errors import DatabaseUnavailable, IllegalTransition, JobChanged, JobNotFound
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.jobs import CancelledJob, ClaimedJob, Job, PendingJob, StartedJob
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_memory import MemoryTransactions

UNSETTLED = {"pending": PendingJob, "started": StartedJob, "claimed": ClaimedJob}


def a_job_that_is(house: House, owner: OwnerId, state: str) -> Job:
    house.inbox.refuses = state == "pending"
    job = house.accept(owner)
    if state == "claimed":
        job = house.settlement.claim(job.id)
    assert type(job) is UNSETTLED[state]
    return job


@pytest.mark.parametrize("state", UNSETTLED)
def test_a_job_that_has_not_ended_is_cancelled_and_refunded_in_full(house: House, state: str) -> None:
    owner = house.owner(tokens=10)
    job = a_job_that_is(house, owner, state)
    cancelled = house.cancellation.cancel(owner, job.id)
    assert isinstance(house.job(job.id), CancelledJob)
    assert cancelled.job == house.job(job.id)
    assert (cancelled.refunded, cancelled.balance) == (Tokens(2), Tokens(10))
    assert house.story(owner) == [("EARN_BONUS", 10), ("SPEND_ENHANCEMENT", -2), ("REFUND", 2)]
    assert house.inventory().messages == frozenset()
    assert house.findings() == []


@pytest.mark.parametrize("state", UNSETTLED)
def test_cancelling_twice_refunds_once(house: House, state: str) -> None:
    owner = house.owner()
    job = a_job_that_is(house, owner, state)
    house.cancellation.cancel(owner, job.id)
    before = house.inventory()
    with pytest.raises(IllegalTransition) as refusal:
        house.cancellation.cancel(owner, job.id)
    assert (refusal.value.source, refusal.value.target) == ("CANCELLED", "CANCELLED")
    house.check_nothing_but_time_passed(before)


def test_a_free_job_is_cancelled_for_nothing(house: House) -> None:
    owner = house.owner(tokens=10)
    image_id = house.upload(owner, album_id=house.album(owner, auto_enhance=False).id).image.id
    job = house.enhancements.enhance(owner, image_id=image_id, tier=Tier.FREE).job
    cancelled = house.cancellation.cancel(owner, job.id)
    assert (cancelled.refunded, cancelled.balance) == (Tokens(0), Tokens(10))
    assert house.story(owner) == [("EARN_BONUS", 10)]
    assert house.findings() == []


def test_a_job_that_is_done_cannot_be_cancelled_and_keeps_its_price(house: House) -> None:
    owner = house.owner()
    job = house.accept(owner)
    house.work()
    before = house.inventory()
    with pytest.raises(IllegalTransition) as refusal:
        house.cancellation.cancel(owner, job.id)
    assert (refusal.value.source, refusal.value.target) == ("COMPLETED", "CANCELLED")
    house.check_nothing_but_time_passed(before)


def test_a_job_that_was_refunded_cannot_be_cancelled(house: House) -> None:
    owner = house.owner()
    job = house.claim(owner)
    house.settlement.fail(job, "no")
    before = house.inventory()
    with pytest.raises(IllegalTransition):
        house.cancellation.cancel(owner, job.id)
    house.check_nothing_but_time_passed(before)


def test_a_result_that_comes_after_the_cancellation_is_dropped(house: House) -> None:
    owner = house.owner()
    job = house.claim(owner)
    house.cancellation.cancel(owner, job.id)
    before = house.inventory()
    with pytest.raises(JobChanged):
        house.settlement.complete(job, a_result(job))
    house.check_nothing_but_time_passed(before)


def test_a_message_that_comes_after_the_cancellation_finds_nothing_to_do(house: House) -> None:
    owner = house.owner()
    job = house.accept(owner)
    house.cancellation.cancel(owner, job.id)
    before = house.inventory()
    assert house.work() == 0
    house.check_nothing_but_time_passed(before)


def test_somebody_elses_job_is_not_there(house: House) -> None:
    """404, not 403: a stranger doesn't learn that it exists."""
    owner, stranger = house.owner(), house.owner("eve@example.org")
    job = house.accept(owner)
    before = house.inventory()
    with pytest.raises(JobNotFound):
        house.cancellation.cancel(stranger, job.id)
    house.check_nothing_but_time_passed(before)


def test_an_unknown_job_is_not_there(house: House) -> None:
    with pytest.raises(JobNotFound):
        house.cancellation.cancel(house.owner(), a_job_id())


def test_a_refund_may_rise_above_the_cap(house: House) -> None:
    owner = house.owner(tokens=100)
    job = house.accept(owner)
    house.pass_time(timedelta(hours=1))
    assert house.cancellation.cancel(owner, job.id).balance == Tokens(102)
    assert house.findings() == []


def test_a_database_that_fails_changes_nothing() -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    house = House.build(transactions=transactions)
    owner = house.owner()
    job = house.accept(owner)
    before = house.inventory()
    transactions.before_commit.append(database_fails)
    with pytest.raises(DatabaseUnavailable):
        house.cancellation.cancel(owner, job.id)
    house.check_nothing_but_time_passed(before)
