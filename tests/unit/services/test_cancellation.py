from datetime import timedelta

import pytest

from faults import FaultyTransactions, database_fails
from services import Services
from spike_contracts.builders import a_job_id, a_result
from spike_core.domain.accounts import Email
from spike_core.domain.errors import DatabaseUnavailable, IllegalTransition, JobChanged, JobNotFound
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.jobs import CancelledJob, ClaimedJob, Job, PendingJob, StartedJob
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_memory import MemoryTransactions

UNSETTLED = {"pending": PendingJob, "started": StartedJob, "claimed": ClaimedJob}


def a_job_that_is(services: Services, owner: OwnerId, state: str) -> Job:
    services.inbox.refuses = state == "pending"
    job = services.accept(owner)
    if state == "claimed":
        job = services.jobs.transitions.claim(job.id)
    assert type(job) is UNSETTLED[state]
    return job


@pytest.mark.parametrize("state", UNSETTLED)
def test_a_job_that_has_not_ended_is_cancelled_and_refunded_in_full(services: Services, state: str) -> None:
    owner = services.owner(tokens=10)
    job = a_job_that_is(services, owner, state)
    cancelled = services.jobs.cancellation.cancel(owner, job.id)
    assert isinstance(services.job(job.id), CancelledJob)
    assert cancelled.job == services.job(job.id)
    assert (cancelled.refunded, cancelled.balance) == (Tokens(2), Tokens(10))
    assert services.story(owner) == [("EARN_BONUS", 10), ("SPEND_ENHANCEMENT", -2), ("REFUND", 2)]
    assert services.inventory().messages == frozenset()
    assert services.findings() == []


@pytest.mark.parametrize("state", UNSETTLED)
def test_cancelling_twice_refunds_once(services: Services, state: str) -> None:
    owner = services.owner()
    job = a_job_that_is(services, owner, state)
    services.jobs.cancellation.cancel(owner, job.id)
    before = services.inventory()
    with pytest.raises(IllegalTransition) as refusal:
        services.jobs.cancellation.cancel(owner, job.id)
    assert (refusal.value.source, refusal.value.target) == ("CANCELLED", "CANCELLED")
    services.check_nothing_but_time_passed(before)


def test_a_free_job_is_cancelled_for_nothing(services: Services) -> None:
    owner = services.owner(tokens=10)
    image_id = services.upload(owner, album_id=services.album(owner, auto_enhance=False).id).image.id
    job = services.jobs.enhancements.enhance(owner, image_id=image_id, tier=Tier.FREE).job
    cancelled = services.jobs.cancellation.cancel(owner, job.id)
    assert (cancelled.refunded, cancelled.balance) == (Tokens(0), Tokens(10))
    assert services.story(owner) == [("EARN_BONUS", 10)]
    assert services.findings() == []


def test_a_job_that_is_done_cannot_be_cancelled_and_keeps_its_price(services: Services) -> None:
    owner = services.owner()
    job = services.accept(owner)
    services.work()
    before = services.inventory()
    with pytest.raises(IllegalTransition) as refusal:
        services.jobs.cancellation.cancel(owner, job.id)
    assert (refusal.value.source, refusal.value.target) == ("COMPLETED", "CANCELLED")
    services.check_nothing_but_time_passed(before)


def test_a_job_that_was_refunded_cannot_be_cancelled(services: Services) -> None:
    owner = services.owner()
    job = services.claim(owner)
    services.jobs.transitions.fail(job, "no")
    before = services.inventory()
    with pytest.raises(IllegalTransition):
        services.jobs.cancellation.cancel(owner, job.id)
    services.check_nothing_but_time_passed(before)


def test_a_result_that_comes_after_the_cancellation_is_dropped(services: Services) -> None:
    owner = services.owner()
    job = services.claim(owner)
    services.jobs.cancellation.cancel(owner, job.id)
    before = services.inventory()
    with pytest.raises(JobChanged):
        services.jobs.transitions.complete(job, a_result(job))
    services.check_nothing_but_time_passed(before)


def test_a_message_that_comes_after_the_cancellation_finds_nothing_to_do(services: Services) -> None:
    owner = services.owner()
    job = services.accept(owner)
    services.jobs.cancellation.cancel(owner, job.id)
    before = services.inventory()
    assert services.work() == 0
    services.check_nothing_but_time_passed(before)


def test_somebody_elses_job_is_not_there(services: Services) -> None:
    """404, not 403: other users can't learn that it exists."""
    owner, stranger = services.owner(), services.owner("eve@example.org")
    job = services.accept(owner)
    before = services.inventory()
    with pytest.raises(JobNotFound):
        services.jobs.cancellation.cancel(stranger, job.id)
    services.check_nothing_but_time_passed(before)


def test_an_unknown_job_is_not_there(services: Services) -> None:
    with pytest.raises(JobNotFound):
        services.jobs.cancellation.cancel(services.owner(), a_job_id())


def test_a_refund_is_never_clipped(services: Services) -> None:
    """Also above the cap, to which a grant has lifted the wallet meanwhile."""
    owner = services.owner(tokens=100)
    job = services.accept(owner)
    services.wallets.grant(Email("ada@example.org"), Tokens(50))
    assert services.jobs.cancellation.cancel(owner, job.id).balance == Tokens(150)
    assert services.findings() == []


def test_parking_all_tokens_in_jobs_and_cancelling_them_brings_back_what_was_parked_and_no_more() -> None:
    """A wallet that regenerated while its tokens were parked used to hold twice the cap afterwards."""
    services = Services.build()
    owner = services.owner(tokens=100)
    jobs = [services.accept(owner) for _ in range(50)]
    assert services.balance(owner) == 0
    services.pass_time(timedelta(days=2))
    assert services.balance(owner) == 0
    assert services.wallets.account(owner).next_token_at is None, "it is full"
    for job in jobs:
        services.jobs.cancellation.cancel(owner, job.id)
    services.pass_time(timedelta(days=2))
    assert services.balance(owner) == 100
    assert services.findings() == []


def test_tokens_that_were_earned_by_a_delivery_regenerate_from_then_on(services: Services) -> None:
    owner = services.owner(tokens=100)
    services.accept(owner)
    services.pass_time(timedelta(hours=1))
    services.work()
    assert services.balance(owner) == 98
    services.pass_time(timedelta(minutes=15))
    assert services.balance(owner) == 99


def test_a_database_that_fails_changes_nothing() -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    services = Services.build(transactions=transactions)
    owner = services.owner()
    job = services.accept(owner)
    before = services.inventory()
    transactions.before_commit.append(database_fails)
    with pytest.raises(DatabaseUnavailable):
        services.jobs.cancellation.cancel(owner, job.id)
    services.check_nothing_but_time_passed(before)
