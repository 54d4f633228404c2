from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from spike_contracts.builders import (
    LEASE,
    NOON,
    a_claimed_job,
    a_job,
    a_result,
    a_started_job,
    an_order,
    one_job_of_each_kind,
)
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.errors import InvariantViolated
from spike_core.domain.jobs import (
    CancelledJob,
    ClaimedJob,
    CompletedJob,
    FailedJob,
    Job,
    JobStatus,
    PendingJob,
    RefundedJob,
    UnsettledJob,
    WaitingJob,
)
from spike_core.domain.tiers import Tier

LATER = NOON + timedelta(seconds=30)


def test_each_state_has_the_status_that_clients_know() -> None:
    statuses = [job.status.value for job in one_job_of_each_kind()]
    assert statuses == ["PENDING", "PROCESSING", "PROCESSING", "COMPLETED", "FAILED", "REFUNDED", "CANCELLED"]


def test_only_a_started_and_a_claimed_job_share_a_status() -> None:
    kinds = {type(job): job.status for job in one_job_of_each_kind()}
    assert len(set(kinds.values())) == len(JobStatus) == len(kinds) - 1


@pytest.mark.parametrize("job", one_job_of_each_kind(), ids=lambda job: type(job).__name__)
def test_jobs_cannot_be_changed(job: Job) -> None:
    with pytest.raises(FrozenInstanceError):
        job.attempt = 7  # type: ignore[misc]  # the point


def test_a_completed_job_cannot_be_built_without_a_result() -> None:
    with pytest.raises(TypeError, match="result"):
        CompletedJob(spec=an_order(), claimed_at=NOON, ended_at=NOON)  # type: ignore[call-arg]  # the point


def test_a_charged_job_cannot_fail_for_good() -> None:
    with pytest.raises(InvariantViolated, match="refunded"):
        FailedJob(spec=an_order(tier=Tier.TIER_1K), reason="no", ended_at=NOON)


def test_a_free_job_cannot_be_refunded() -> None:
    with pytest.raises(InvariantViolated, match="nothing to refund"):
        RefundedJob(spec=an_order(tier=Tier.FREE), reason="no", ended_at=NOON)


@pytest.mark.parametrize("make", [a_job, a_started_job, a_claimed_job])
@pytest.mark.parametrize("tier", SPECIFIED.tiers)
def test_failing_refunds_what_was_charged_and_only_that(make: Callable[..., UnsettledJob], tier: Tier) -> None:
    job = make(tier=tier)
    expected = FailedJob if tier == Tier.FREE else RefundedJob
    failed = job.fail("engine broke", now=LATER)
    assert type(failed) is expected
    assert (failed.reason, failed.ended_at, failed.spec) == ("engine broke", LATER, job.spec)


@pytest.mark.parametrize("make", [a_job, a_started_job])
def test_a_claim_begins_the_next_attempt_under_a_lease(make: Callable[[], WaitingJob]) -> None:
    claimed = evolve(make(), attempt=4, crashes=2).claim(now=LATER, lease=LEASE)
    assert type(claimed) is ClaimedJob
    assert (claimed.attempt, claimed.crashes, claimed.progress) == (5, 2, 0)
    assert (claimed.claimed_at, claimed.leased_until) == (LATER, LATER + LEASE)


@given(st.lists(st.integers(0, 99), max_size=10))
def test_progress_never_goes_back(reports: list[int]) -> None:
    job = a_claimed_job()
    seen = [0]
    for report in reports:
        job = job.renew(now=LATER, lease=LEASE, progress=report)
        seen.append(job.progress)
    assert seen == sorted(seen)
    assert job.progress == max([0, *reports])


@pytest.mark.parametrize("progress", [-1, 100])
def test_progress_is_a_percentage_below_the_whole(progress: int) -> None:
    with pytest.raises(ValueError, match="progress"):
        evolve(a_claimed_job(), progress=progress)


def test_renewing_prolongs_the_lease_and_keeps_the_fence() -> None:
    job = a_claimed_job()
    renewed = job.renew(now=LATER, lease=LEASE, progress=10)
    assert renewed.leased_until == LATER + LEASE
    assert renewed.claimed_at == job.claimed_at
    assert renewed.fence == job.fence


def test_a_release_is_no_death_and_a_burial_is_one() -> None:
    job = evolve(a_claimed_job(), attempt=2, crashes=1)
    assert (job.release().attempt, job.release().crashes) == (2, 1)
    assert (job.expire_lease().attempt, job.expire_lease().crashes) == (2, 2)


def test_a_requeue_is_no_attempt() -> None:
    job = a_job()
    assert job.start(now=NOON).requeue() == job


def test_completing_keeps_the_result_and_both_times() -> None:
    job = a_claimed_job()
    completed = job.complete(a_result(job), now=LATER)
    assert (completed.result, completed.claimed_at, completed.ended_at) == (a_result(job), NOON, LATER)


@pytest.mark.parametrize("make", [a_job, a_started_job, a_claimed_job])
def test_cancelling_keeps_the_order_and_the_history(make: Callable[[], UnsettledJob]) -> None:
    job: UnsettledJob = evolve(make(), attempt=2, crashes=1)
    cancelled = job.cancel(now=LATER)
    assert cancelled == CancelledJob(spec=job.spec, attempt=2, crashes=1, claimed_at=job.began_at, ended_at=LATER)


def test_states_and_attempts_have_fences_of_their_own() -> None:
    """States that a compare-and-set must distinguish have different fences."""
    pending = a_job()
    fences = [
        pending.fence,
        pending.start(now=NOON).fence,
        pending.claim(now=NOON, lease=LEASE).fence,
        pending.claim(now=NOON, lease=LEASE).release().fence,
        pending.claim(now=NOON, lease=LEASE).release().claim(now=NOON, lease=LEASE).fence,
        pending.cancel(now=NOON).fence,
        pending.fail("no", now=NOON).fence,
    ]
    assert len(set(fences)) == len(fences)


def test_attempts_and_crashes_are_never_negative() -> None:
    for wrong in ({"attempt": -1}, {"crashes": -1}):
        with pytest.raises(ValueError, match="must be >= 0"):
            PendingJob(spec=an_order(), **wrong)


def test_every_state_keeps_the_orders_id() -> None:
    for job in one_job_of_each_kind():
        assert job.id == job.spec.id


def test_a_started_job_remembers_when() -> None:
    assert a_job().start(now=LATER).started_at == LATER


def test_what_ends_under_way_keeps_when_it_began() -> None:
    claimed = a_claimed_job()
    later = NOON + LEASE
    for ended in (claimed.cancel(now=later), claimed.fail("no", now=later)):
        assert ended.claimed_at == claimed.claimed_at
    for waiting in (a_job(), a_started_job()):
        assert waiting.cancel(now=later).claimed_at is None
