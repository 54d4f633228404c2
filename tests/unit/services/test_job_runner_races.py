"""A worker whose job is cancelled or taken over meanwhile, or whose database or heartbeat fails."""

from collections.abc import Callable
from datetime import timedelta
from typing import BinaryIO

import pytest

from faults import FaultyBlobStore, FaultyTransactions, ScriptedUpscaler, database_fails, pass_by
from services import Services
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import DatabaseUnavailable, UndecodablePicture, UpscalerUnavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import CancelledJob, ClaimedJob, CompletedJob, Job
from spike_core.domain.limits import JobLimits
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage
from spike_memory import ManualClock, MemoryBlobStore, MemoryTransactions, MemoryUpscaler, NoopHeartbeat


def enhanced_objects(services: Services) -> set[str]:
    return {str(key) for key in services.inventory().objects if str(key).startswith("enhanced/")}


def house_where(act: Callable[[Services, JobId], object], *, blobs: FaultyBlobStore | None = None) -> Services:
    """Return services in which an action runs while a picture is being enhanced."""
    upscaler = ScriptedUpscaler()
    services = Services.build(upscaler=upscaler, blobs=blobs)

    def meanwhile(picture: RenderedImage) -> RenderedImage:
        (job_id,) = services.inventory().jobs
        act(services, job_id)
        return picture

    upscaler.script.append(meanwhile)
    return services


def cancel(services: Services, job_id: JobId) -> None:
    services.jobs.cancellation.cancel(services.job(job_id).spec.owner_id, job_id)


def take_over(services: Services, job_id: JobId) -> None:
    services.pass_time(services.limits.lease)
    services.maintenance.recovery.repair()
    services.jobs.runner.perform(job_id)


def test_a_result_of_a_job_cancelled_meanwhile_is_dropped_with_its_object() -> None:
    services = house_where(cancel)
    owner = services.owner()
    job = services.accept(owner)
    services.work()
    assert isinstance(services.job(job.id), CancelledJob)
    assert services.balance(owner) == 100
    assert enhanced_objects(services) == set()
    assert services.findings() == []


def test_a_result_that_comes_too_late_changes_nothing_and_its_object_is_removed() -> None:
    services = house_where(take_over)
    job = services.accept(services.owner())
    services.work()
    done = services.job(job.id)
    assert isinstance(done, CompletedJob)
    assert done.attempt == 2
    assert enhanced_objects(services) == {f"enhanced/{job.id}-2.jpg"} == {str(done.result.key)}
    assert services.read(done.result.key)
    assert services.findings() == []


def test_a_late_result_whose_object_cannot_be_removed_is_collected_later() -> None:
    blobs = FaultyBlobStore(MemoryBlobStore(ManualClock()))
    services = house_where(cancel, blobs=blobs)
    job = services.accept(services.owner())
    blobs.failing.add("delete")
    services.work()
    assert enhanced_objects(services) == {f"enhanced/{job.id}.jpg"}
    blobs.failing.clear()
    services.pass_time(services.limits.orphan_age + timedelta(microseconds=1))
    services.maintenance.recovery.collect_orphans()
    assert enhanced_objects(services) == set()


@pytest.mark.parametrize("error", [UndecodablePicture(), UpscalerUnavailable(), ValueError("broken")])
@pytest.mark.parametrize("attempts_max", [1, 3])
def test_an_engine_that_fails_on_a_job_cancelled_meanwhile_refunds_nothing_more(
    error: Exception, attempts_max: int
) -> None:
    upscaler = ScriptedUpscaler()
    services = Services.build(upscaler=upscaler, limits=JobLimits(attempts_max=attempts_max))
    owner = services.owner()
    job = services.accept(owner)

    def meanwhile(_picture: RenderedImage) -> RenderedImage:
        services.jobs.cancellation.cancel(owner, job.id)
        raise error

    upscaler.script.append(meanwhile)
    services.work()
    assert isinstance(services.job(job.id), CancelledJob)
    assert [kind for kind, _ in services.story(owner)].count("REFUND") == 1
    assert services.inventory().messages == frozenset()
    assert services.findings() == []


def test_a_pulse_renews_the_lease_and_tells_the_progress() -> None:
    heartbeat, upscaler = NoopHeartbeat(), ScriptedUpscaler()
    services = Services.build(heartbeat=heartbeat, upscaler=upscaler)
    job = services.accept(services.owner())
    seen: list[Job] = []

    def beats(picture: RenderedImage) -> RenderedImage:
        services.pass_time(timedelta(seconds=50))
        heartbeat.strike()
        seen.append(services.job(job.id))
        return picture

    upscaler.script.append(beats)
    services.work()
    (claimed,) = seen
    assert isinstance(claimed, ClaimedJob)
    assert claimed.leased_until == services.clock.now() + services.limits.lease
    assert 0 < claimed.progress < 100
    assert isinstance(services.job(job.id), CompletedJob)


def test_a_pulse_does_not_outlive_the_work() -> None:
    heartbeat = NoopHeartbeat()
    services = Services.build(heartbeat=heartbeat)
    services.accept(services.owner())
    services.work()
    before = services.inventory()
    services.pass_time(timedelta(seconds=50))
    heartbeat.strike()
    services.check_nothing_but_time_passed(before)


def test_a_pulse_of_a_worker_that_lost_its_job_brings_nothing_back() -> None:
    heartbeat, upscaler = NoopHeartbeat(), ScriptedUpscaler()
    services = Services.build(heartbeat=heartbeat, upscaler=upscaler)
    owner = services.owner()
    job = services.accept(owner)

    def loses(picture: RenderedImage) -> RenderedImage:
        services.jobs.cancellation.cancel(owner, job.id)
        heartbeat.strike()
        return picture

    upscaler.script.append(loses)
    services.work()
    assert isinstance(services.job(job.id), CancelledJob)


class UpscalerWithSteps:
    """Runs an action between two steps of its work, and counts the steps."""

    def __init__(self, between: Callable[[], None]) -> None:
        self._between = between
        self.steps = 0

    def enhance(self, original: BinaryIO, *, size: Dimensions, monitor: ProgressMonitor = UNMONITORED) -> RenderedImage:
        for step in range(1, 5):
            self.steps = step
            monitor.report(step / 4)
            if step == 2:
                self._between()
        return MemoryUpscaler().enhance(original, size=size)


def test_the_engine_of_a_cancelled_job_stops_at_its_next_step_after_a_heartbeat() -> None:
    def cancelled() -> None:
        services.jobs.cancellation.cancel(owner, job.id)
        heartbeat.strike()

    heartbeat, upscaler = NoopHeartbeat(), UpscalerWithSteps(cancelled)
    services = Services.build(heartbeat=heartbeat, upscaler=upscaler)
    owner = services.owner()
    job = services.accept(owner)
    services.work()
    assert upscaler.steps == 3
    assert isinstance(services.job(job.id), CancelledJob)
    assert [kind for kind, _ in services.story(owner)].count("REFUND") == 1
    assert enhanced_objects(services) == set()
    assert services.findings() == []


def test_a_heartbeat_tells_how_far_the_engine_is() -> None:
    heartbeat, seen = NoopHeartbeat(), list[Job]()

    def looks() -> None:
        heartbeat.strike()
        seen.append(services.job(job.id))

    services = Services.build(heartbeat=heartbeat, upscaler=UpscalerWithSteps(looks))
    job = services.accept(services.owner())
    services.work()
    (halfway,) = seen
    assert isinstance(halfway, ClaimedJob)
    assert halfway.progress == 42  # of the picture half, and fetching before it


def test_how_a_picture_was_made_is_kept_with_its_job(services: Services) -> None:
    job = services.accept(services.owner())
    services.work()
    done = services.job(job.id)
    assert isinstance(done, CompletedJob)
    assert done.result.method == "made up"


def test_an_outcome_that_the_database_does_not_take_is_found_again_by_the_sweeper() -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    services = Services.build(transactions=transactions)
    job = services.accept(services.owner())
    transactions.before_begin.extend([pass_by, database_fails])
    with pytest.raises(DatabaseUnavailable):
        services.work()
    assert isinstance(services.job(job.id), ClaimedJob)
    services.come_to_rest()
    done = services.job(job.id)
    assert isinstance(done, CompletedJob)
    services.pass_time(2 * services.limits.orphan_age)
    services.maintenance.recovery.collect_orphans()
    assert enhanced_objects(services) == {str(done.result.key)}
    assert services.findings() == []


def test_a_database_that_fails_at_the_claim_leaves_the_job_to_the_sweeper() -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    services = Services.build(transactions=transactions)
    job = services.accept(services.owner())
    transactions.before_begin.append(database_fails)
    with pytest.raises(DatabaseUnavailable):
        services.work()
    services.come_to_rest()
    assert isinstance(services.job(job.id), CompletedJob)
    assert services.job(job.id).attempt == 1
