"""The laws of `Jobs`."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from spike_contracts.builders import (
    NOON,
    a_body,
    a_claimed_job,
    a_job,
    a_job_id,
    a_task_of_each_kind,
    an_image,
    an_order,
)
from spike_contracts.images import TEXTS
from spike_contracts.wallets import INSTANTS, PROPERTY
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import IllegalTransition, JobChanged, JobNotFound
from spike_core.domain.identifiers import BatchId, JobId, RequestId
from spike_core.domain.jobs import (
    CancelledJob,
    ClaimedJob,
    CompletedJob,
    FailedJob,
    Job,
    JobSpec,
    PendingJob,
    RefundedJob,
    Result,
    StartedJob,
)
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.render_options import OUTPUT_FORMATS, QUALITY_MAX, STRENGTH_MAX, Mode, RenderOptions
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import NO_TOKENS
from spike_core.domain.transitions import TRANSITIONS
from spike_core.ports.transactions import Transaction, Transactions

KINDS: Final = tuple(TRANSITIONS)
UNSETTLED: Final = (PendingJob, StartedJob, ClaimedJob)
LEGAL: Final = [(source, target) for source in KINDS for target in KINDS if target in TRANSITIONS[source]]
ILLEGAL: Final = [(source, target) for source in KINDS for target in KINDS if target not in TRANSITIONS[source]]
SECOND: Final = timedelta(seconds=1)
LATER: Final = NOON + timedelta(minutes=3, microseconds=7)


def a_job_of(kind: type[Job], *, spec: JobSpec | None = None, attempt: int = 2, crashes: int = 1) -> Job:
    """Return a job in this state, without default values; free of charge if the state requires it."""
    spec = spec or an_order(tier=Tier.FREE if kind is FailedJob else Tier.TIER_2K)
    claimed = ClaimedJob(
        spec=spec, attempt=attempt, crashes=crashes, claimed_at=LATER, leased_until=LATER + SECOND, progress=42
    )
    result = Result(
        key=ObjectKey.of_result(spec.id, PictureFormat.PNG, attempt=attempt),
        format=PictureFormat.PNG,
        dimensions=Dimensions(width_px=2048, height_px=1024),
        size_bytes=123_456,
        method="two networks, mixed",
    )
    jobs: dict[type[Job], Callable[[], Job]] = {
        PendingJob: claimed.release,
        StartedJob: lambda: claimed.release().start(now=LATER),
        ClaimedJob: lambda: claimed,
        CompletedJob: lambda: claimed.complete(result, now=LATER + SECOND),
        FailedJob: lambda: claimed.fail("broken", now=LATER),
        RefundedJob: lambda: claimed.fail("broken", now=LATER),
        CancelledJob: lambda: claimed.cancel(now=LATER),
    }
    job = jobs[kind]()
    assert type(job) is kind
    return job


def a_job_of_each_kind() -> list[Job]:
    """Return a job in each state."""
    return [a_job_of(kind) for kind in KINDS]


def store(tx: Transaction, *jobs: Job) -> None:
    """Store jobs, by the transitions that lead to their states, and their images."""
    for job in jobs:
        image_id = job.spec.image_id
        if image_id is not None and not tx.images.find([image_id]):
            tx.images.add(an_image(image_id=image_id, owner_id=job.spec.owner_id))
        new, claimed = PendingJob(spec=job.spec), a_job_of(ClaimedJob, spec=job.spec)
        tx.jobs.add([new])
        if job == new:
            continue
        if type(job) in TRANSITIONS[PendingJob]:
            tx.jobs.replace(new, by=job)
        else:
            tx.jobs.replace(new, by=claimed)
            tx.jobs.replace(claimed, by=job)


@st.composite
def render_options(draw: st.DrawFn) -> RenderOptions:
    """Draw any options that an order may have."""
    format_ = draw(st.sampled_from([None, *OUTPUT_FORMATS]))
    quality = st.none() if format_ is PictureFormat.PNG else st.one_of(st.none(), st.integers(1, QUALITY_MAX))
    strength = st.one_of(st.none(), st.integers(0, STRENGTH_MAX))
    return RenderOptions(
        format=format_, quality=draw(quality), strength=draw(strength), mode=draw(st.sampled_from(Mode))
    )


@st.composite
def job_states(draw: st.DrawFn) -> Job:
    """Draw a job in any state, with any values."""
    kind = draw(st.sampled_from(KINDS))
    offers = [
        offer
        for offer in SPECIFIED
        if kind not in (FailedJob, RefundedJob) or bool(offer.price) is (kind is RefundedJob)
    ]
    tiers = [offer.tier for offer in offers]
    tier = draw(st.sampled_from(tiers))
    request_id = draw(st.sampled_from([None, RequestId.of(a_body())]))
    spec = an_order(tier=tier)
    task = draw(st.sampled_from(a_task_of_each_kind(spec.id)))
    batch_id = draw(st.sampled_from([None, BatchId.of(a_body())]))
    spec = evolve(
        spec,
        task=task,
        options=draw(render_options()),
        batch_id=batch_id,
        request_id=request_id,
        created_at=draw(INSTANTS),
    )
    job = a_job_of(kind, spec=spec, attempt=draw(st.integers(0, 10**6)), crashes=draw(st.integers(0, 10**6)))
    match job:
        case StartedJob():
            return evolve(job, started_at=draw(INSTANTS))
        case ClaimedJob():
            progress = draw(st.integers(0, 99))
            return evolve(job, claimed_at=draw(INSTANTS), leased_until=draw(INSTANTS), progress=progress)
        case CompletedJob():
            return evolve(job, claimed_at=draw(INSTANTS), ended_at=draw(INSTANTS))
        case FailedJob() | RefundedJob():
            return evolve(job, reason=draw(TEXTS), ended_at=draw(INSTANTS))
        case CancelledJob():
            return evolve(job, ended_at=draw(INSTANTS))
        case PendingJob():
            return job


class JobsContract:
    """Laws every Jobs adapter keeps. Needs the fixture `transactions`, of an empty database."""

    @pytest.mark.parametrize("request_id", [None, RequestId.of(a_body())])
    def test_added_jobs_come_back_as_they_were(self, transactions: Transactions, request_id: RequestId | None) -> None:
        image = an_image()
        options = RenderOptions(format=PictureFormat.WEBP, quality=100, strength=0, mode=Mode.VIVID)
        orders = [
            evolve(an_order(image=image, tier=tier), request_id=request_id, options=options) for tier in SPECIFIED.tiers
        ]
        jobs = [PendingJob(spec=spec) for spec in orders]
        with transactions.begin() as tx:
            tx.images.add(image)
            tx.jobs.add(jobs)
        with transactions.view() as tx:
            assert [tx.jobs.get(job.id) for job in jobs] == jobs

    def test_adding_no_jobs_adds_none(self, transactions: Transactions) -> None:
        with transactions.begin() as tx:
            tx.jobs.add([])
            assert list(tx.audit.jobs(limit=1)) == []

    def test_an_unknown_id_is_no_job(self, transactions: Transactions) -> None:
        with transactions.view() as tx, pytest.raises(JobNotFound):
            tx.jobs.get(a_job_id())

    def test_a_job_of_another_family_keeps_its_id(self, transactions: Transactions) -> None:
        spec = evolve(an_order(), id=JobId(f"job_gen_{a_body()}"))
        with transactions.begin() as tx:
            store(tx, PendingJob(spec=spec))
        with transactions.view() as tx:
            assert tx.jobs.get(spec.id) == PendingJob(spec=spec)

    def test_finding_skips_what_isnt_there(self, transactions: Transactions) -> None:
        first, second, other = a_job(), a_claimed_job(), a_job()
        with transactions.begin() as tx:
            store(tx, first, second, other)
        with transactions.view() as tx:
            assert tx.jobs.find([first.id, a_job_id(), second.id]) == {first.id: first, second.id: second}
            assert tx.jobs.find([]) == {}

    @pytest.mark.parametrize(("source", "target"), LEGAL)
    def test_a_legal_move_is_stored_exactly(
        self, transactions: Transactions, source: type[Job], target: type[Job]
    ) -> None:
        spec = an_order(tier=Tier.FREE if target is FailedJob else Tier.TIER_2K)
        job, by = a_job_of(source, spec=spec), a_job_of(target, spec=spec, attempt=3, crashes=2)
        neighbor = a_job()
        with transactions.begin() as tx:
            store(tx, job, neighbor)
        with transactions.begin() as tx:
            tx.jobs.replace(job, by=by)
            assert tx.jobs.get(job.id) == by
        with transactions.view() as tx:
            assert tx.jobs.get(job.id) == by
            assert tx.jobs.get(neighbor.id) == neighbor

    @pytest.mark.parametrize(("source", "target"), ILLEGAL)
    def test_an_illegal_move_is_refused_and_changes_nothing(
        self, transactions: Transactions, source: type[Job], target: type[Job]
    ) -> None:
        job = a_job_of(source, spec=an_order(tier=Tier.FREE if source is FailedJob else Tier.TIER_2K))
        price = NO_TOKENS if target is FailedJob else SPECIFIED[Tier.TIER_2K].price
        by = a_job_of(target, spec=evolve(job.spec, charged=price))
        with transactions.begin() as tx:
            store(tx, job)
        with transactions.begin() as tx, pytest.raises(IllegalTransition):
            tx.jobs.replace(job, by=by)
        with transactions.view() as tx:
            assert tx.jobs.get(job.id) == job

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_stale_fence_changes_nothing(self, transactions: Transactions, kind: type[Job]) -> None:
        """The stored job has another status or attempt, or is claimed or unclaimed: another transition came first."""
        stored = a_job_of(kind)
        with transactions.begin() as tx:
            store(tx, stored)
        tried = 0
        for stale_kind, attempt in itertools.product(UNSETTLED, (1, 2, 3)):
            stale = a_job_of(stale_kind, spec=stored.spec, attempt=attempt)
            if stale.fence == stored.fence:
                continue
            tried += 1
            with transactions.begin() as tx:
                with pytest.raises(JobChanged):
                    tx.jobs.replace(stale, by=a_job_of(CancelledJob, spec=stored.spec))
                assert tx.jobs.get(stored.id) == stored
        with transactions.view() as tx:
            assert tx.jobs.get(stored.id) == stored
        assert tried >= len(UNSETTLED) * 3 - 1

    def test_the_same_fence_is_enough(self, transactions: Transactions) -> None:
        """Lease and progress aren't compared, so a heartbeat needn't know the previous one."""
        job = a_claimed_job()
        renewed = job.renew(now=LATER, lease=SECOND, progress=50)
        with transactions.begin() as tx:
            store(tx, renewed)
            tx.jobs.replace(job, by=job.cancel(now=LATER))
            assert tx.jobs.get(job.id) == job.cancel(now=LATER)

    def test_a_job_that_is_gone_has_changed(self, transactions: Transactions) -> None:
        job = a_job()
        with transactions.begin() as tx, pytest.raises(JobChanged):
            tx.jobs.replace(job, by=job.start(now=NOON))

    def test_a_lost_race_leaves_the_transaction_usable(self, transactions: Transactions) -> None:
        lost, won = a_job(), a_job()
        with transactions.begin() as tx:
            store(tx, won)
            with pytest.raises(JobChanged):
                tx.jobs.replace(lost, by=lost.start(now=NOON))
            tx.jobs.replace(won, by=won.start(now=NOON))
        with transactions.view() as tx:
            assert tx.jobs.get(won.id) == won.start(now=NOON)

    @pytest.mark.parametrize("number", [0, 1, 3])
    def test_many_are_started_at_once(self, transactions: Transactions, number: int) -> None:
        pending = [a_job() for _ in range(number)]
        with transactions.begin() as tx:
            store(tx, *pending)
        with transactions.begin() as tx:
            assert {*tx.jobs.start(pending, now=LATER)} == {job.id for job in pending}
        with transactions.view() as tx:
            found = tx.jobs.find([job.id for job in pending])
        assert found == {job.id: job.start(now=LATER) for job in pending}

    @pytest.mark.parametrize("number", [0, 2])
    def test_only_those_are_started_that_are_pending_still(self, transactions: Transactions, number: int) -> None:
        """A job that a worker has claimed, retried or settled meanwhile stays unchanged."""
        moved = a_job_of_each_kind()  # including one that is pending again after an attempt
        seen = [PendingJob(spec=job.spec) for job in moved]
        pending, gone = [a_job() for _ in range(number)], a_job()
        with transactions.begin() as tx:
            store(tx, *moved, *pending)
        for stale in ([*seen, gone, *pending], [seen[0]]):
            with transactions.begin() as tx:
                started = tx.jobs.start(stale, now=LATER)
                assert {*started} == ({job.id for job in pending} if len(stale) > 1 else set())
        with transactions.view() as tx:
            assert tx.jobs.find([job.id for job in moved]) == {job.id: job for job in moved}

    @PROPERTY
    @given(job=job_states())
    def test_any_state_comes_back_as_it_was_stored(self, transactions: Transactions, job: Job) -> None:
        with transactions.begin() as tx:
            store(tx, job)
        with transactions.view() as tx:
            assert tx.jobs.get(job.id) == job
            assert tx.jobs.find([job.id]) == {job.id: job}
