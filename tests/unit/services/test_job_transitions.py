"""A worker's transitions are fenced: the loser of a race gets `JobChanged` and has changed nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from faults import FaultyTransactions, database_fails
from services import Services
from spike_contracts.builders import a_job_id, a_result
from spike_core.domain.errors import DatabaseUnavailable, JobChanged, NothingToClaim
from spike_core.domain.jobs import ClaimedJob, CompletedJob, JobStatus, PendingJob, RefundedJob, StartedJob
from spike_core.domain.limits import JobLimits
from spike_memory import MemoryTransactions

SECOND = timedelta(seconds=1)

Move = Callable[[Services, ClaimedJob], object]
MOVES: dict[str, Move] = {
    "renew": lambda services, job: services.jobs.transitions.renew(job, progress=50),
    "complete": lambda services, job: services.jobs.transitions.complete(job, a_result(job)),
    "retry": lambda services, job: services.jobs.transitions.retry(job, "trouble"),
    "hand back": lambda services, job: services.jobs.transitions.hand_back(job),
    "expire_lease": lambda services, job: services.jobs.transitions.expire_lease(job),
    "fail": lambda services, job: services.jobs.transitions.fail(job, "no"),
}
FIRST_MOVES: dict[str, Move] = {
    "cancelled": lambda services, job: services.jobs.cancellation.cancel(job.spec.owner_id, job.id),
    "completed": MOVES["complete"],
    "released": MOVES["retry"],
    "handed back": MOVES["hand back"],
    "buried": MOVES["expire_lease"],
    "failed": MOVES["fail"],
    "claimed by another": lambda services, job: services.jobs.transitions.claim(
        services.jobs.transitions.retry(job, "trouble").id
    ),
}


def test_a_claim_begins_an_attempt_under_a_lease_and_takes_the_message_away(services: Services) -> None:
    services.inbox.refuses = True
    job = services.jobs.transitions.claim(services.accept(services.owner()).id)
    assert (job.attempt, job.leased_until) == (1, services.clock.now() + services.limits.lease)
    assert services.job(job.id) == job
    assert services.inventory().messages == frozenset()


def test_a_job_that_is_held_is_not_claimed_again_even_when_its_lease_is_over(services: Services) -> None:
    """Only the sweeper takes a job from a worker, so that crashes are counted."""
    job = services.claim(services.owner())
    services.pass_time(services.limits.lease * 2)
    before = services.inventory()
    with pytest.raises(NothingToClaim):
        services.jobs.transitions.claim(job.id)
    services.check_nothing_but_time_passed(before)


@pytest.mark.parametrize("end", ["completed", "failed", "cancelled"])
def test_a_job_at_rest_is_not_claimed(services: Services, end: str) -> None:
    job = services.claim(services.owner())
    FIRST_MOVES[end](services, job)
    before = services.inventory()
    with pytest.raises(NothingToClaim):
        services.jobs.transitions.claim(job.id)
    services.check_nothing_but_time_passed(before)


def test_a_job_that_is_not_there_is_not_claimed(services: Services) -> None:
    with pytest.raises(NothingToClaim):
        services.jobs.transitions.claim(a_job_id())


def test_renewing_prolongs_the_lease_and_notes_the_progress(services: Services) -> None:
    job = services.claim(services.owner())
    services.pass_time(30 * SECOND)
    services.jobs.transitions.renew(job, progress=40)
    stored = services.job(job.id)
    assert isinstance(stored, ClaimedJob)
    assert (stored.leased_until, stored.progress) == (services.clock.now() + services.limits.lease, 40)


def test_no_renewal_prolongs_a_lease_beyond_the_time_that_an_attempt_may_take(services: Services) -> None:
    job = services.claim(services.owner())
    limit = job.claimed_at + services.limits.work_time_max
    while services.clock.now() < limit - services.limits.lease / 2:
        services.pass_time(services.limits.lease / 2)
        assert services.maintenance.recovery.repair() == 0
        renewed = services.jobs.transitions.renew(job, progress=50)
        assert renewed.leased_until == min(services.clock.now() + services.limits.lease, limit)
    services.pass_time(services.limits.lease / 2)
    services.jobs.transitions.renew(job, progress=50)
    assert services.maintenance.recovery.repair() == 1
    stored = services.job(job.id)
    assert isinstance(stored, PendingJob)
    assert stored.crashes == 1


def test_a_job_that_is_handed_back_is_due_at_once_and_no_death(services: Services) -> None:
    job = services.claim(services.owner())
    services.jobs.transitions.hand_back(job)
    stored = services.job(job.id)
    assert isinstance(stored, PendingJob)
    assert (stored.attempt, stored.crashes) == (1, 0)
    assert {(message.job_id, message.due_at) for message in services.inventory().messages} == {
        (job.id, services.clock.now())
    }


def test_handing_back_never_fails_a_job_however_often(services: Services) -> None:
    job = services.claim(services.owner())
    for _ in range(10 * services.limits.attempts_max):
        services.jobs.transitions.hand_back(job)
        job = services.jobs.transitions.claim(job.id)
    services.jobs.transitions.complete(job, a_result(job))
    assert isinstance(services.job(job.id), CompletedJob)


@pytest.mark.parametrize("first", FIRST_MOVES)
@pytest.mark.parametrize("late", MOVES)
def test_a_worker_that_lost_its_job_changes_nothing(services: Services, first: str, late: str) -> None:
    job = services.claim(services.owner())
    FIRST_MOVES[first](services, job)
    before = services.inventory()
    with pytest.raises(JobChanged):
        MOVES[late](services, job)
    services.check_nothing_but_time_passed(before)


@pytest.mark.parametrize("late", MOVES)
def test_a_worker_with_no_attempts_left_that_lost_its_job_changes_nothing(late: str) -> None:
    """If a retry or an expiry would be a refund, the refund is fenced too."""
    services = Services.build(limits=JobLimits(attempts_max=1, crashes_max=1))
    owner = services.owner()
    job = services.claim(owner)
    services.jobs.cancellation.cancel(owner, job.id)
    before = services.inventory()
    with pytest.raises(JobChanged):
        MOVES[late](services, job)
    services.check_nothing_but_time_passed(before)


def test_a_result_delivered_while_the_lease_is_over_but_nobody_else_came_counts(services: Services) -> None:
    job = services.claim(services.owner())
    services.pass_time(services.limits.lease * 2)
    services.jobs.transitions.complete(job, a_result(job))
    assert isinstance(services.job(job.id), CompletedJob)


def test_trouble_is_tried_again_after_a_delay_that_doubles(services: Services) -> None:
    job = services.claim(services.owner())
    for attempt, delay in [(1, 5 * SECOND), (2, 10 * SECOND)]:
        assert job.attempt == attempt
        services.jobs.transitions.retry(job, "trouble")
        assert isinstance(services.job(job.id), PendingJob)
        (message,) = services.inventory().messages
        assert message.due_at == services.clock.now() + delay
        services.pass_time(delay - timedelta(microseconds=1))
        assert services.jobs.dispatch.relay() == 0
        services.pass_time(timedelta(microseconds=1))
        assert services.jobs.dispatch.relay() == 1
        job = services.jobs.transitions.claim(job.id)


def test_the_last_attempt_that_meets_trouble_is_refunded(services: Services) -> None:
    owner = services.owner()
    job = services.claim(owner)
    for _ in range(services.limits.attempts_max - 1):
        services.jobs.transitions.retry(job, "trouble")
        job = services.jobs.transitions.claim(job.id)
    services.jobs.transitions.retry(job, "the engine is out of order")
    refunded = services.job(job.id)
    assert isinstance(refunded, RefundedJob)
    assert refunded.reason == "the engine is out of order"
    assert refunded.attempt == services.limits.attempts_max
    assert services.story(owner)[-1] == ("REFUND", 2)
    assert services.inventory().messages == frozenset()
    assert services.findings() == []


def test_three_deaths_are_refunded(services: Services) -> None:
    owner = services.owner()
    job = services.claim(owner)
    for _ in range(services.limits.crashes_max - 1):
        services.jobs.transitions.expire_lease(job)
        job = services.jobs.transitions.claim(job.id)
    services.jobs.transitions.expire_lease(job)
    refunded = services.job(job.id)
    assert isinstance(refunded, RefundedJob)
    assert (refunded.crashes, refunded.attempt) == (3, 3)
    assert services.balance(owner) == 100
    assert services.findings() == []


def test_deaths_and_trouble_are_counted_apart(services: Services) -> None:
    """Two crashes leave all three attempts, since a crashed worker says nothing about the picture."""
    job = services.claim(services.owner())
    for _ in range(2):
        services.jobs.transitions.expire_lease(job)
        job = services.jobs.transitions.claim(job.id)
        services.jobs.transitions.retry(job, "trouble")
        job = services.jobs.transitions.claim(job.id)
    assert (job.attempt, job.crashes) == (5, 2)
    services.jobs.transitions.retry(job, "trouble")
    assert isinstance(services.job(job.id), RefundedJob)


def test_a_lease_that_is_renewed_in_the_last_moment_saves_the_job_from_burial(services: Services) -> None:
    """The sweeper read the expired lease; before it acts, the worker renews it."""
    job = services.claim(services.owner())
    services.pass_time(services.limits.lease)
    with services.transactions.view() as tx:
        (expired,) = tx.jobs.with_expired_lease(now=services.clock.now(), limit=10)
    renewed = services.jobs.transitions.renew(job, progress=50)
    with pytest.raises(JobChanged):
        services.jobs.transitions.expire_lease(expired)
    assert services.job(job.id) == renewed


def test_a_recalled_job_is_handed_over_again(services: Services) -> None:
    job = services.accept(services.owner())
    assert isinstance(job, StartedJob)
    services.lose_messages()
    services.jobs.transitions.requeue(job)
    assert services.jobs.dispatch.relay() == 1
    assert list(services.inbox.messages) == [job.id]
    assert services.job(job.id).attempt == 0


def test_a_job_claimed_meanwhile_is_not_recalled(services: Services) -> None:
    job = services.accept(services.owner())
    assert isinstance(job, StartedJob)
    services.jobs.transitions.claim(job.id)
    before = services.inventory()
    with pytest.raises(JobChanged):
        services.jobs.transitions.requeue(job)
    services.check_nothing_but_time_passed(before)


def test_of_jobs_recalled_together_those_that_moved_on_are_passed_over(services: Services) -> None:
    """And a call that comes twice changes nothing the second time."""
    owner = services.owner()
    lost, claimed = [job for _ in range(2) if isinstance(job := services.accept(owner), StartedJob)]
    services.jobs.transitions.claim(claimed.id)
    services.lose_messages()
    assert services.jobs.transitions.requeue_all([lost, claimed]) == 1
    assert services.jobs.transitions.requeue_all([lost, claimed]) == 0
    assert services.jobs.dispatch.relay() == 1
    assert list(services.inbox.messages) == [lost.id]
    assert isinstance(services.job(claimed.id), ClaimedJob)


@pytest.mark.parametrize("kind", ["pending", "started", "claimed"])
def test_failing_refunds_from_every_unsettled_state(services: Services, kind: str) -> None:
    owner = services.owner()
    services.inbox.refuses = kind == "pending"
    job = services.accept(owner)
    if kind == "claimed":
        job = services.jobs.transitions.claim(job.id)
    assert isinstance(job, PendingJob | StartedJob | ClaimedJob)
    services.jobs.transitions.fail(job, "no")
    assert services.job(job.id).status is JobStatus.REFUNDED
    assert services.balance(owner) == 100
    assert services.inventory().messages == frozenset()


def test_regeneration_is_folded_in_before_a_refund(services: Services) -> None:
    owner = services.owner(tokens=10)
    job = services.claim(owner)
    services.pass_time(timedelta(minutes=20))
    services.jobs.transitions.fail(job, "no")
    assert services.story(owner)[2:] == [("EARN_REGENERATION", 1), ("REFUND", 2)]
    assert services.inventory().wallets[owner].regenerated_at == services.clock.now() - timedelta(minutes=5)


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("moment", ["before_begin", "before_commit"])
def test_a_move_that_the_database_does_not_take_changes_nothing(move: str, moment: str) -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    services = Services.build(transactions=transactions, limits=JobLimits(attempts_max=1))
    job = services.claim(services.owner())
    before = services.inventory()
    getattr(transactions, moment).append(database_fails)
    with pytest.raises(DatabaseUnavailable):
        MOVES[move](services, job)
    services.check_nothing_but_time_passed(before)
