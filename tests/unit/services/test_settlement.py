"""A worker's moves are fenced: whoever loses a race hears `JobChanged` and has changed nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from faults import FaultyTransactions, database_fails
from house import House
from spike_contracts.builders import a_job_id, a_result
from spike_core.domain.errors import DatabaseUnavailable, JobChanged, NothingToClaim
from spike_core.domain.jobs import ClaimedJob, CompletedJob, JobStatus, PendingJob, RefundedJob, StartedJob
from spike_core.domain.limits import JobLimits
from spike_memory import MemoryTransactions

SECOND = timedelta(seconds=1)

Move = Callable[[House, ClaimedJob], object]
MOVES: dict[str, Move] = {
    "renew": lambda house, job: house.settlement.renew(job, progress=50),
    "complete": lambda house, job: house.settlement.complete(job, a_result(job)),
    "retry": lambda house, job: house.settlement.retry(job, "trouble"),
    "hand back": lambda house, job: house.settlement.hand_back(job),
    "bury": lambda house, job: house.settlement.bury(job),
    "fail": lambda house, job: house.settlement.fail(job, "no"),
}
FIRST_MOVES: dict[str, Move] = {
    "cancelled": lambda house, job: house.cancellation.cancel(job.order.owner_id, job.id),
    "completed": MOVES["complete"],
    "released": MOVES["retry"],
    "handed back": MOVES["hand back"],
    "buried": MOVES["bury"],
    "failed": MOVES["fail"],
    "claimed by another": lambda house, job: house.settlement.claim(house.settlement.retry(job, "trouble").id),
}


def test_a_claim_begins_an_attempt_under_a_lease_and_takes_the_message_away(house: House) -> None:
    house.inbox.refuses = True
    job = house.settlement.claim(house.accept(house.owner()).id)
    assert (job.attempt, job.leased_until) == (1, house.clock.now() + house.limits.lease)
    assert house.job(job.id) == job
    assert house.inventory().messages == frozenset()


def test_a_job_that_is_held_is_not_claimed_again_even_when_its_lease_is_over(house: House) -> None:
    """Only the sweeper takes a job from a worker, so that deaths are counted."""
    job = house.claim(house.owner())
    house.pass_time(house.limits.lease * 2)
    before = house.inventory()
    with pytest.raises(NothingToClaim):
        house.settlement.claim(job.id)
    house.check_nothing_but_time_passed(before)


@pytest.mark.parametrize("end", ["completed", "failed", "cancelled"])
def test_a_job_at_rest_is_not_claimed(house: House, end: str) -> None:
    job = house.claim(house.owner())
    FIRST_MOVES[end](house, job)
    before = house.inventory()
    with pytest.raises(NothingToClaim):
        house.settlement.claim(job.id)
    house.check_nothing_but_time_passed(before)


def test_a_job_that_is_not_there_is_not_claimed(house: House) -> None:
    with pytest.raises(NothingToClaim):
        house.settlement.claim(a_job_id())


def test_renewing_prolongs_the_lease_and_notes_the_progress(house: House) -> None:
    job = house.claim(house.owner())
    house.pass_time(30 * SECOND)
    house.settlement.renew(job, progress=40)
    stored = house.job(job.id)
    assert isinstance(stored, ClaimedJob)
    assert (stored.leased_until, stored.progress) == (house.clock.now() + house.limits.lease, 40)


def test_no_renewal_prolongs_a_lease_beyond_the_time_that_an_attempt_may_take(house: House) -> None:
    job = house.claim(house.owner())
    limit = job.claimed_at + house.limits.work_time_max
    while house.clock.now() < limit - house.limits.lease / 2:
        house.pass_time(house.limits.lease / 2)
        assert house.sweep.repair() == 0
        renewed = house.settlement.renew(job, progress=50)
        assert renewed.leased_until == min(house.clock.now() + house.limits.lease, limit)
    house.pass_time(house.limits.lease / 2)
    house.settlement.renew(job, progress=50)
    assert house.sweep.repair() == 1
    stored = house.job(job.id)
    assert isinstance(stored, PendingJob)
    assert stored.deaths == 1


def test_a_job_that_is_handed_back_is_due_at_once_and_no_death(house: House) -> None:
    job = house.claim(house.owner())
    house.settlement.hand_back(job)
    stored = house.job(job.id)
    assert isinstance(stored, PendingJob)
    assert (stored.attempt, stored.deaths) == (1, 0)
    assert {(message.job_id, message.due_at) for message in house.inventory().messages} == {(job.id, house.clock.now())}


def test_handing_back_never_fails_a_job_however_often(house: House) -> None:
    job = house.claim(house.owner())
    for _ in range(10 * house.limits.attempts_max):
        house.settlement.hand_back(job)
        job = house.settlement.claim(job.id)
    house.settlement.complete(job, a_result(job))
    assert isinstance(house.job(job.id), CompletedJob)


@pytest.mark.parametrize("first", FIRST_MOVES)
@pytest.mark.parametrize("late", MOVES)
def test_a_worker_that_lost_its_job_changes_nothing(house: House, first: str, late: str) -> None:
    job = house.claim(house.owner())
    FIRST_MOVES[first](house, job)
    before = house.inventory()
    with pytest.raises(JobChanged):
        MOVES[late](house, job)
    house.check_nothing_but_time_passed(before)


@pytest.mark.parametrize("late", MOVES)
def test_a_worker_with_no_attempts_left_that_lost_its_job_changes_nothing(late: str) -> None:
    """Where a retry or a burial would be a refund, the refund is fenced too."""
    house = House.build(limits=JobLimits(attempts_max=1, deaths_max=1))
    owner = house.owner()
    job = house.claim(owner)
    house.cancellation.cancel(owner, job.id)
    before = house.inventory()
    with pytest.raises(JobChanged):
        MOVES[late](house, job)
    house.check_nothing_but_time_passed(before)


def test_a_result_delivered_while_the_lease_is_over_but_nobody_else_came_counts(house: House) -> None:
    job = house.claim(house.owner())
    house.pass_time(house.limits.lease * 2)
    house.settlement.complete(job, a_result(job))
    assert isinstance(house.job(job.id), CompletedJob)


def test_trouble_is_tried_again_after_a_delay_that_doubles(house: House) -> None:
    job = house.claim(house.owner())
    for attempt, delay in [(1, 5 * SECOND), (2, 10 * SECOND)]:
        assert job.attempt == attempt
        house.settlement.retry(job, "trouble")
        assert isinstance(house.job(job.id), PendingJob)
        (message,) = house.inventory().messages
        assert message.due_at == house.clock.now() + delay
        house.pass_time(delay - timedelta(microseconds=1))
        assert house.dispatch.relay() == 0
        house.pass_time(timedelta(microseconds=1))
        assert house.dispatch.relay() == 1
        job = house.settlement.claim(job.id)


def test_the_last_attempt_that_meets_trouble_is_refunded(house: House) -> None:
    owner = house.owner()
    job = house.claim(owner)
    for _ in range(house.limits.attempts_max - 1):
        house.settlement.retry(job, "trouble")
        job = house.settlement.claim(job.id)
    house.settlement.retry(job, "the engine is out of order")
    refunded = house.job(job.id)
    assert isinstance(refunded, RefundedJob)
    assert refunded.reason == "the engine is out of order"
    assert refunded.attempt == house.limits.attempts_max
    assert house.story(owner)[-1] == ("REFUND", 2)
    assert house.inventory().messages == frozenset()
    assert house.findings() == []


def test_three_deaths_are_refunded(house: House) -> None:
    owner = house.owner()
    job = house.claim(owner)
    for _ in range(house.limits.deaths_max - 1):
        house.settlement.bury(job)
        job = house.settlement.claim(job.id)
    house.settlement.bury(job)
    refunded = house.job(job.id)
    assert isinstance(refunded, RefundedJob)
    assert (refunded.deaths, refunded.attempt) == (3, 3)
    assert house.balance(owner) == 100
    assert house.findings() == []


def test_deaths_and_trouble_are_counted_apart(house: House) -> None:
    """Two deaths leave all three attempts, since a dead worker tells nothing about the picture."""
    job = house.claim(house.owner())
    for _ in range(2):
        house.settlement.bury(job)
        job = house.settlement.claim(job.id)
        house.settlement.retry(job, "trouble")
        job = house.settlement.claim(job.id)
    assert (job.attempt, job.deaths) == (5, 2)
    house.settlement.retry(job, "trouble")
    assert isinstance(house.job(job.id), RefundedJob)


def test_a_lease_that_is_renewed_in_the_last_moment_saves_the_job_from_burial(house: House) -> None:
    """The sweeper saw the lease run out; before it acts, the worker shows that it lives."""
    job = house.claim(house.owner())
    house.pass_time(house.limits.lease)
    with house.transactions.view() as tx:
        (expired,) = tx.overdue.expired(now=house.clock.now(), limit=10)
    renewed = house.settlement.renew(job, progress=50)
    with pytest.raises(JobChanged):
        house.settlement.bury(expired)
    assert house.job(job.id) == renewed


def test_a_recalled_job_is_handed_over_again(house: House) -> None:
    job = house.accept(house.owner())
    assert isinstance(job, StartedJob)
    house.lose_messages()
    house.settlement.recall(job)
    assert house.dispatch.relay() == 1
    assert list(house.inbox.messages) == [job.id]
    assert house.job(job.id).attempt == 0


def test_a_job_claimed_meanwhile_is_not_recalled(house: House) -> None:
    job = house.accept(house.owner())
    assert isinstance(job, StartedJob)
    house.settlement.claim(job.id)
    before = house.inventory()
    with pytest.raises(JobChanged):
        house.settlement.recall(job)
    house.check_nothing_but_time_passed(before)


@pytest.mark.parametrize("kind", ["pending", "started", "claimed"])
def test_failing_refunds_from_every_unsettled_state(house: House, kind: str) -> None:
    owner = house.owner()
    house.inbox.refuses = kind == "pending"
    job = house.accept(owner)
    if kind == "claimed":
        job = house.settlement.claim(job.id)
    assert isinstance(job, PendingJob | StartedJob | ClaimedJob)
    house.settlement.fail(job, "no")
    assert house.job(job.id).status is JobStatus.REFUNDED
    assert house.balance(owner) == 100
    assert house.inventory().messages == frozenset()


def test_regeneration_is_folded_in_before_a_refund(house: House) -> None:
    owner = house.owner(tokens=10)
    job = house.claim(owner)
    house.pass_time(timedelta(minutes=20))
    house.settlement.fail(job, "no")
    assert house.story(owner)[2:] == [("EARN_REGENERATION", 1), ("REFUND", 2)]
    assert house.inventory().wallets[owner].regenerated_at == house.clock.now() - timedelta(minutes=5)


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("moment", ["before_begin", "before_commit"])
def test_a_move_that_the_database_does_not_take_changes_nothing(move: str, moment: str) -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    house = House.build(transactions=transactions, limits=JobLimits(attempts_max=1))
    job = house.claim(house.owner())
    before = house.inventory()
    getattr(transactions, moment).append(database_fails)
    with pytest.raises(DatabaseUnavailable):
        MOVES[move](house, job)
    house.check_nothing_but_time_passed(before)
