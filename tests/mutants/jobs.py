"""Mutants of jobs: their transitions, lists, recovery and order."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final

from attrs import evolve

from mutants.mutant import Mutant, backwards, instead_of, nothing, with_arguments
from spike_contracts.fair_scheduling import FairSchedulingContract as Fair
from spike_contracts.job_queries import JobQueriesContract as Queries
from spike_contracts.job_recovery import JobRecoveryContract as Recovery
from spike_contracts.jobs import JobsContract as Jobs
from spike_core.domain.cursors import StartCursor
from spike_core.domain.errors import IllegalTransition, JobChanged, JobNotFound
from spike_core.domain.jobs import ClaimedJob, Job, PendingJob, StartedJob
from spike_core.domain.priorities import Priority
from spike_core.domain.queue_order import QueueOrder, UnclaimedJob
from spike_core.domain.render_options import DEFAULT_OPTIONS
from spike_memory.jobs import MemoryJobs

MICROSECOND: Final = timedelta(microseconds=1)


def _stored(jobs: MemoryJobs) -> dict[Any, Job]:
    return jobs._rows.state.jobs


def _order_of(kinds: tuple[type[Job], ...], *, holds_back: bool = True, limited: bool = True) -> Callable[..., Any]:
    """Return a `queue_order` of jobs of these kinds, which may know no limit or hold nothing back."""

    def queue_order(_order: Any, self: MemoryJobs, *, limit: int) -> QueueOrder:
        found: Iterable[Job] = (job for job in _stored(self).values() if isinstance(job, kinds))
        oldest_first = sorted(found, key=lambda job: job.spec.cursor)
        return QueueOrder.of(
            UnclaimedJob(
                job.spec.created_at,
                job.id.text,
                job.spec.owner_id.text,
                holds_back and isinstance(job, PendingJob) and job.id not in self._rows.state.outbox,
            )
            for job in (oldest_first[:limit] if limited else oldest_first)
        )

    return queue_order


def _started_by_age(started: Any, jobs: MemoryJobs, priority: Priority, **asked: Any) -> list[StartCursor]:
    """Return a page of started jobs in the order in which they were accepted."""
    created = _stored(jobs)
    found = started(jobs, priority, **{**asked, "limit": 99})
    return sorted(found, key=lambda start: created[start.id].spec.cursor)[: asked["limit"]]


def _stored_before_the_check(replace: Any, jobs: MemoryJobs, job: Job, *, by: Job) -> None:
    known = job.id in _stored(jobs)
    try:
        replace(jobs, job, by=by)
    except JobChanged:
        if known:
            _stored(jobs)[job.id] = by
        raise


def _without_the_rules(_replace: Any, jobs: MemoryJobs, job: Job, *, by: Job) -> None:
    stored = _stored(jobs).get(job.id)
    if stored is None or stored.fence != job.fence:
        raise JobChanged
    _stored(jobs)[job.id] = by


def _with_the_whole_row(replace: Any, jobs: MemoryJobs, job: Job, *, by: Job) -> None:
    if _stored(jobs).get(job.id) != job:
        raise JobChanged
    replace(jobs, job, by=by)


def _stored_anew(replace: Any, jobs: MemoryJobs, job: Job, *, by: Job) -> None:
    try:
        replace(jobs, job, by=by)
    except JobChanged:
        if job.id in _stored(jobs):
            raise
        _stored(jobs)[job.id] = by


def _broken_by_a_lost_race(replace: Any, jobs: MemoryJobs, job: Job, *, by: Job) -> None:
    try:
        replace(jobs, job, by=by)
    except JobChanged:
        _stored(jobs).clear()
        raise


def _start_all(_start: Any, jobs: MemoryJobs, pending: Any, *, now: Any) -> Any:
    _stored(jobs).update({job.id: job.start(now=now) for job in pending})
    return {job.id for job in pending}


def _ordered_earlier(replace: Any, jobs: MemoryJobs, job: Job, *, by: Job) -> None:
    replace(jobs, job, by=evolve(by, spec=evolve(by.spec, created_at=by.spec.created_at - MICROSECOND)))


def _claimed_with_a_lease_of(field: str) -> Callable[..., Any]:
    """Return a `with_expired_lease` that compares or orders by another time."""

    def with_expired_lease(_leases: Any, jobs: MemoryJobs, *, now: Any, limit: int) -> Any:
        found = [job for job in _stored(jobs).values() if isinstance(job, ClaimedJob) and job.leased_until <= now]
        return sorted(found, key=lambda job: getattr(job, field))[:limit]

    return with_expired_lease


def _by_arrival(_of_image: Any, jobs: MemoryJobs, image_id: Any) -> list[Job]:
    return [job for job in _stored(jobs).values() if job.spec.image_id == image_id]


def _all_of_the_owner(_generations: Any, jobs: MemoryJobs, owner_id: Any, *, before: Any = None, limit: int) -> Any:
    own = [job for job in _stored(jobs).values() if job.spec.owner_id == owner_id]
    page = [job for job in own if before is None or job.spec.cursor < before]
    return sorted(page, key=lambda job: job.spec.cursor, reverse=True)[:limit]


def _of_either_queue(started: Any, jobs: MemoryJobs, _priority: Any, **asked: Any) -> Any:
    return [start for priority in Priority for start in started(jobs, priority, **asked)]


def _started_ever(_started: Any, jobs: MemoryJobs, priority: Any, *, before: Any, limit: int, **_asked: Any) -> Any:
    found = [job for job in _stored(jobs).values() if isinstance(job, StartedJob | PendingJob)]
    cursors = [StartCursor(job.spec.created_at, job.id) for job in found if job.spec.priority is priority]
    return sorted(cursors)[:limit]


def _never_empty(_started: Any, jobs: MemoryJobs, priority: Any, **asked: Any) -> Any:
    return _started(jobs, priority, **asked) if _stored(jobs) else None


def _everything_in_flight(_in_flight: Any, jobs: MemoryJobs, owner_id: Any, *, limit: int) -> Any:
    return [job.spec.tier for job in _stored(jobs).values() if job.spec.owner_id == owner_id][:limit]


MUTANTS: Final = [
    Mutant(
        "forgets a job's options",
        MemoryJobs,
        "add",
        lambda add, jobs, new: add(jobs, [evolve(job, spec=evolve(job.spec, options=DEFAULT_OPTIONS)) for job in new]),
        Jobs.test_added_jobs_come_back_as_they_were,
    ),
    Mutant(
        "forgets a job's request",
        MemoryJobs,
        "add",
        lambda add, jobs, new: add(jobs, [evolve(job, spec=evolve(job.spec, request_id=None)) for job in new]),
        Jobs.test_added_jobs_come_back_as_they_were,
    ),
    Mutant(
        "refuses to add no jobs",
        MemoryJobs,
        "add",
        lambda add, jobs, new: add(jobs, new) if new else jobs.get(None),
        Jobs.test_adding_no_jobs_adds_none,
        fails_with=JobNotFound,
    ),
    Mutant(
        "returns None for an unknown job", MemoryJobs, "get", instead_of(JobNotFound), Jobs.test_an_unknown_id_is_no_job
    ),
    Mutant(
        "stores every job under a plain id",
        MemoryJobs,
        "add",
        lambda add, jobs, new: add(
            jobs, [evolve(job, spec=evolve(job.spec, id=type(job.id).of(job.id.body))) for job in new]
        ),
        Jobs.test_a_job_of_another_family_keeps_its_id,
        fails_with=JobNotFound,
    ),
    Mutant(
        "finds all jobs",
        MemoryJobs,
        "find",
        lambda find, jobs, ids: dict(_stored(jobs)),
        Jobs.test_finding_skips_what_isnt_there,
    ),
    Mutant(
        "stores no transition",
        MemoryJobs,
        "replace",
        nothing,
        Jobs.test_a_legal_move_is_stored_exactly,
        Jobs.test_a_job_that_is_gone_has_changed,
    ),
    Mutant(
        "changes the time of an order with each transition",
        MemoryJobs,
        "replace",
        _ordered_earlier,
        Jobs.test_any_state_comes_back_as_it_was_stored,
    ),
    Mutant(
        "stores illegal transitions",
        MemoryJobs,
        "replace",
        _without_the_rules,
        Jobs.test_an_illegal_move_is_refused_and_changes_nothing,
    ),
    Mutant(
        "ignores an illegal transition",
        MemoryJobs,
        "replace",
        instead_of(IllegalTransition),
        Jobs.test_an_illegal_move_is_refused_and_changes_nothing,
    ),
    Mutant(
        "stores a job before it compares the fence",
        MemoryJobs,
        "replace",
        _stored_before_the_check,
        Jobs.test_a_stale_fence_changes_nothing,
    ),
    Mutant(
        "compares lease and progress",
        MemoryJobs,
        "replace",
        _with_the_whole_row,
        Jobs.test_the_same_fence_is_enough,
        fails_with=JobChanged,
    ),
    Mutant(
        "stores a job that was deleted",
        MemoryJobs,
        "replace",
        _stored_anew,
        Jobs.test_a_job_that_is_gone_has_changed,
    ),
    Mutant(
        "loses the transaction with a race",
        MemoryJobs,
        "replace",
        _broken_by_a_lost_race,
        Jobs.test_a_lost_race_leaves_the_transaction_usable,
        fails_with=JobChanged,
    ),
    Mutant(
        "starts the first of many jobs",
        MemoryJobs,
        "start",
        lambda start, jobs, pending, *, now: start(jobs, pending[:1], now=now),
        Jobs.test_many_are_started_at_once,
    ),
    Mutant(
        "starts jobs without comparing their fence",
        MemoryJobs,
        "start",
        _start_all,
        Jobs.test_only_those_are_started_that_are_pending_still,
    ),
    Mutant(
        "returns an image's jobs in the order of their arrival",
        MemoryJobs,
        "of_image",
        _by_arrival,
        Queries.test_an_images_jobs_come_oldest_first,
    ),
    Mutant(
        "returns an image's oldest jobs",
        MemoryJobs,
        "newest_of_image",
        lambda newest, jobs, image_id, **asked: newest(jobs, image_id, **{**asked, "limit": 99})[-asked["limit"] :],
        Queries.test_an_images_jobs_come_in_pages_newest_first,
    ),
    Mutant(
        "takes no notice of the tier of a result",
        MemoryJobs,
        "newest_results",
        lambda newest, jobs, image_ids, tier=None: newest(jobs, image_ids),
        Queries.test_the_newest_result_of_each_image_is_found,
    ),
    Mutant(
        "counts the jobs of all images",
        MemoryJobs,
        "count_of_image",
        lambda count, jobs, image_id: len(_stored(jobs)),
        Queries.test_an_images_jobs_come_in_pages_newest_first,
    ),
    Mutant(
        "returns a batch's jobs by id",
        MemoryJobs,
        "of_batch",
        lambda of_batch, jobs, batch_id: sorted(of_batch(jobs, batch_id), key=lambda job: job.id),
        Queries.test_a_batchs_jobs_come_together_oldest_first,
    ),
    Mutant(
        "lists enhancements among the generations",
        MemoryJobs,
        "generations",
        _all_of_the_owner,
        Queries.test_an_owners_creations_come_newest_first_page_by_page,
    ),
    Mutant(
        "counts jobs that have ended as open",
        MemoryJobs,
        "count_open",
        lambda count, jobs, image_ids: {id_: jobs.count_of_image(id_) for id_ in image_ids},
        Queries.test_the_open_jobs_of_images_are_counted_by_image,
    ),
    Mutant(
        "finds leases after the instant of their expiry",
        MemoryJobs,
        "with_expired_lease",
        lambda leases, jobs, *, now, limit: leases(jobs, now=now - MICROSECOND, limit=limit),
        Recovery.test_a_lease_that_has_run_out_is_found,
    ),
    Mutant(
        "finds started jobs in the order of their creation",
        MemoryJobs,
        "started",
        _started_by_age,
        Recovery.test_started_jobs_come_in_pages_in_the_order_of_their_starts,
    ),
    Mutant(
        "finds started jobs of any queue",
        MemoryJobs,
        "started",
        _of_either_queue,
        Recovery.test_started_jobs_are_of_the_queue_of_their_priority,
    ),
    Mutant(
        "finds pending jobs among the started ones",
        MemoryJobs,
        "started",
        _started_ever,
        Recovery.test_each_question_is_about_one_state,
    ),
    Mutant(
        "returns claimed jobs in the order of their claims",
        MemoryJobs,
        "with_expired_lease",
        _claimed_with_a_lease_of("claimed_at"),
        Recovery.test_the_oldest_come_first_and_no_more_than_asked_for,
    ),
    Mutant(
        "returns None where there are no jobs",
        MemoryJobs,
        "started",
        _never_empty,
        Recovery.test_nothing_is_overdue_where_there_is_nothing,
        fails_with=TypeError,
    ),
    Mutant(
        "counts held-back and settled jobs as in flight",
        MemoryJobs,
        "in_flight",
        _everything_in_flight,
        Fair.test_what_is_announced_started_or_claimed_is_on_its_way,
    ),
    Mutant(
        "counts jobs in flight beyond the limit",
        MemoryJobs,
        "in_flight",
        with_arguments(limit=99),
        Fair.test_those_on_their_way_are_counted_no_further_than_the_limit,
    ),
    Mutant(
        "returns tiers in flight newest first",
        MemoryJobs,
        "in_flight",
        lambda in_flight, jobs, owner_id, *, limit: in_flight(jobs, owner_id, limit=99)[::-1][:limit],
        Fair.test_jobs_in_flight_tell_their_tiers_oldest_first,
    ),
    Mutant(
        "finds an owner's own jobs waiting",
        MemoryJobs,
        "others_wait",
        lambda others, jobs, owner_id: any(isinstance(job, PendingJob) for job in _stored(jobs).values()),
        Fair.test_others_wait_where_another_owners_job_is_unclaimed,
    ),
    Mutant(
        "returns held-back jobs newest first",
        MemoryJobs,
        "held_back",
        backwards,
        Fair.test_those_that_wait_come_oldest_first_and_no_more_than_asked_for,
    ),
    Mutant(
        "counts all jobs in flight of a waiting owner",
        MemoryJobs,
        "waiting_owners",
        with_arguments(count_max=99),
        Fair.test_owners_with_held_back_jobs_are_found_with_what_is_in_flight,
    ),
    Mutant(
        "returns waiting owners in another order",
        MemoryJobs,
        "waiting_owners",
        backwards,
        Fair.test_owners_with_held_back_jobs_come_in_pages,
    ),
    Mutant(
        "returns the first page of waiting owners again",
        MemoryJobs,
        "waiting_owners",
        with_arguments(after=None),
        Fair.test_owners_with_held_back_jobs_come_in_pages,
    ),
    Mutant(
        "leaves announced jobs out of the order",
        MemoryJobs,
        "queue_order",
        _order_of((StartedJob,)),
        Fair.test_what_is_on_its_way_stands_in_line_by_age,
    ),
    Mutant(
        "counts claimed jobs in the order",
        MemoryJobs,
        "queue_order",
        _order_of((PendingJob, StartedJob, ClaimedJob)),
        Fair.test_jobs_that_no_longer_wait_have_no_place_in_the_order,
    ),
    Mutant(
        "counts jobs in the order beyond the limit",
        MemoryJobs,
        "queue_order",
        _order_of((PendingJob, StartedJob), limited=False),
        Fair.test_the_order_counts_no_more_than_the_limit_and_the_oldest,
    ),
    Mutant(
        "holds no job back in the order",
        MemoryJobs,
        "queue_order",
        _order_of((PendingJob, StartedJob), holds_back=False),
        Fair.test_those_that_wait_for_their_turn_stand_behind_and_owners_take_turns,
    ),
]
