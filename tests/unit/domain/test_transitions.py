"""A job's methods make exactly the transitions that the table allows. Settled states are final (I4)."""

from collections.abc import Iterator
from itertools import product

import pytest
from attrs import evolve

from spike_contracts.builders import LEASE, NOON, a_job, a_result, an_order, one_job_of_each_kind
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.errors import IllegalTransition
from spike_core.domain.jobs import (
    ClaimedJob,
    Job,
    JobSpec,
    JobStatus,
    PendingJob,
    SettledJob,
    StartedJob,
    UnsettledJob,
)
from spike_core.domain.transitions import SETTLED_STATUSES, TRANSITIONS, check_transition, unsettled

KINDS = one_job_of_each_kind()


def moves(job: Job) -> Iterator[Job]:
    """Yield the results of all of the job's methods."""
    if isinstance(job, PendingJob):
        yield job.start(now=NOON)
    if isinstance(job, StartedJob):
        yield job.requeue()
    if isinstance(job, PendingJob | StartedJob):
        yield job.claim(now=NOON, lease=LEASE)
    if isinstance(job, ClaimedJob):
        yield job.renew(now=NOON, lease=LEASE, progress=1)
        yield job.complete(a_result(job), now=NOON)
        yield job.release()
        yield job.expire_lease()
    if isinstance(job, UnsettledJob):
        yield job.cancel(now=NOON)
        yield job.fail("no", now=NOON)


def orders() -> Iterator[JobSpec]:
    for tier in SPECIFIED.tiers:
        yield an_order(tier=tier)


def every_job() -> Iterator[Job]:
    """Yield a job in each unsettled state, free and charged, and one in each settled state."""
    for spec in orders():
        for job in KINDS:
            if isinstance(job, UnsettledJob):
                yield evolve(job, spec=spec)
    yield from (job for job in KINDS if isinstance(job, SettledJob))


def test_the_table_is_exactly_what_the_methods_do() -> None:
    made: dict[type[Job], set[type[Job]]] = {type(job): set() for job in KINDS}
    for job in every_job():
        made[type(job)] |= {type(target) for target in moves(job)}
    assert made == {source: set(targets) for source, targets in TRANSITIONS.items()}


def test_the_test_above_calls_every_method_that_makes_a_job() -> None:
    methods = {
        name
        for job in KINDS
        for name in dir(job)
        if not name.startswith("_") and callable(getattr(job, name)) and name not in {"fence", "id"}
    }
    assert methods == {"start", "requeue", "claim", "renew", "complete", "release", "expire_lease", "cancel", "fail"}


@pytest.mark.parametrize(("source", "target"), list(product(KINDS, KINDS)), ids=lambda job: type(job).__name__)
def test_a_move_is_refused_unless_it_is_in_the_table(source: Job, target: Job) -> None:
    if type(target) in TRANSITIONS[type(source)]:
        check_transition(source, target)
        return
    with pytest.raises(IllegalTransition) as refusal:
        check_transition(source, target)
    assert (refusal.value.source, refusal.value.target) == (source.status.value, target.status.value)


def test_settled_jobs_have_no_move_and_all_others_have_one() -> None:
    for job in KINDS:
        assert bool(TRANSITIONS[type(job)]) == isinstance(job, UnsettledJob)
        assert isinstance(job, UnsettledJob) != isinstance(job, SettledJob)


def test_every_unsettled_state_leads_to_an_end() -> None:
    for source, targets in TRANSITIONS.items():
        if targets:
            assert any(not TRANSITIONS[target] for target in targets), source


def test_settled_statuses_are_those_of_the_settled_types() -> None:
    assert {job.status for job in KINDS if isinstance(job, SettledJob)} == SETTLED_STATUSES
    assert not {job.status for job in KINDS if isinstance(job, UnsettledJob)} & SETTLED_STATUSES


@pytest.mark.parametrize("job", KINDS, ids=lambda job: type(job).__name__)
def test_asking_for_an_unsettled_job_refuses_a_settled_one(job: Job) -> None:
    if isinstance(job, UnsettledJob):
        assert unsettled(job, target=JobStatus.CANCELLED) is job
        return
    with pytest.raises(IllegalTransition, match=f"a {job.status.value} job can't become CANCELLED"):
        unsettled(job, target=JobStatus.CANCELLED)


def test_no_move_changes_the_order() -> None:
    job = a_job()
    assert {target.spec for target in moves(job)} == {job.spec}
