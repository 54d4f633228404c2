"""A worker whose job is cancelled or taken over meanwhile, or whose database or heartbeat has trouble."""

from collections.abc import Callable
from datetime import timedelta
from typing import BinaryIO

import pytest

from faults import FaultyBlobStore, FaultyTransactions, ScriptedUpscaler, database_fails, pass_by
from house import House
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import DatabaseUnavailable, UndecodablePicture, UpscalerUnavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import CancelledJob, ClaimedJob, CompletedJob, Job
from spike_core.domain.limits import JobLimits
from spike_core.ports.upscaler import EnhancedPicture
from spike_core.ports.watch import UNWATCHED, Watch
from spike_memory import ManualClock, MemoryBlobStore, MemoryTransactions, MemoryUpscaler, StillPulse


def enhanced_objects(house: House) -> set[str]:
    return {str(key) for key in house.inventory().objects if str(key).startswith("enhanced/")}


def house_where(act: Callable[[House, JobId], object], *, blobs: FaultyBlobStore | None = None) -> House:
    """Return a house where something happens while a picture is being enhanced."""
    upscaler = ScriptedUpscaler()
    house = House.build(upscaler=upscaler, blobs=blobs)

    def meanwhile(picture: EnhancedPicture) -> EnhancedPicture:
        (job_id,) = house.inventory().jobs
        act(house, job_id)
        return picture

    upscaler.script.append(meanwhile)
    return house


def cancel(house: House, job_id: JobId) -> None:
    house.cancellation.cancel(house.job(job_id).order.owner_id, job_id)


def take_over(house: House, job_id: JobId) -> None:
    house.pass_time(house.limits.lease)
    house.sweep.repair()
    house.workshop.perform(job_id)


def test_a_result_of_a_job_cancelled_meanwhile_is_dropped_with_its_object() -> None:
    house = house_where(cancel)
    owner = house.owner()
    job = house.accept(owner)
    house.work()
    assert isinstance(house.job(job.id), CancelledJob)
    assert house.balance(owner) == 100
    assert enhanced_objects(house) == set()
    assert house.findings() == []


def test_a_result_that_comes_too_late_changes_nothing_and_its_object_is_removed() -> None:
    house = house_where(take_over)
    job = house.accept(house.owner())
    house.work()
    done = house.job(job.id)
    assert isinstance(done, CompletedJob)
    assert done.attempt == 2
    assert enhanced_objects(house) == {f"enhanced/{job.id}-2.jpg"} == {str(done.result.key)}
    assert house.read(done.result.key)
    assert house.findings() == []


def test_a_late_result_whose_object_cannot_be_removed_is_collected_later() -> None:
    blobs = FaultyBlobStore(MemoryBlobStore(ManualClock()))
    house = house_where(cancel, blobs=blobs)
    job = house.accept(house.owner())
    blobs.failing.add("delete")
    house.work()
    assert enhanced_objects(house) == {f"enhanced/{job.id}.jpg"}
    blobs.failing.clear()
    house.pass_time(house.limits.orphan_age + timedelta(microseconds=1))
    house.sweep.collect_orphans()
    assert enhanced_objects(house) == set()


@pytest.mark.parametrize("error", [UndecodablePicture(), UpscalerUnavailable(), ValueError("broken")])
@pytest.mark.parametrize("attempts_max", [1, 3])
def test_an_engine_that_fails_on_a_job_cancelled_meanwhile_refunds_nothing_more(
    error: Exception, attempts_max: int
) -> None:
    upscaler = ScriptedUpscaler()
    house = House.build(upscaler=upscaler, limits=JobLimits(attempts_max=attempts_max))
    owner = house.owner()
    job = house.accept(owner)

    def meanwhile(_picture: EnhancedPicture) -> EnhancedPicture:
        house.cancellation.cancel(owner, job.id)
        raise error

    upscaler.script.append(meanwhile)
    house.work()
    assert isinstance(house.job(job.id), CancelledJob)
    assert [kind for kind, _ in house.story(owner)].count("REFUND") == 1
    assert house.inventory().messages == frozenset()
    assert house.findings() == []


def test_a_pulse_renews_the_lease_and_tells_the_progress() -> None:
    pulse, upscaler = StillPulse(), ScriptedUpscaler()
    house = House.build(pulse=pulse, upscaler=upscaler)
    job = house.accept(house.owner())
    seen: list[Job] = []

    def beats(picture: EnhancedPicture) -> EnhancedPicture:
        house.pass_time(timedelta(seconds=50))
        pulse.strike()
        seen.append(house.job(job.id))
        return picture

    upscaler.script.append(beats)
    house.work()
    (claimed,) = seen
    assert isinstance(claimed, ClaimedJob)
    assert claimed.leased_until == house.clock.now() + house.limits.lease
    assert 0 < claimed.progress < 100
    assert isinstance(house.job(job.id), CompletedJob)


def test_a_pulse_does_not_outlive_the_work() -> None:
    pulse = StillPulse()
    house = House.build(pulse=pulse)
    house.accept(house.owner())
    house.work()
    before = house.inventory()
    house.pass_time(timedelta(seconds=50))
    pulse.strike()
    house.check_nothing_but_time_passed(before)


def test_a_pulse_of_a_worker_that_lost_its_job_brings_nothing_back() -> None:
    pulse, upscaler = StillPulse(), ScriptedUpscaler()
    house = House.build(pulse=pulse, upscaler=upscaler)
    owner = house.owner()
    job = house.accept(owner)

    def loses(picture: EnhancedPicture) -> EnhancedPicture:
        house.cancellation.cancel(owner, job.id)
        pulse.strike()
        return picture

    upscaler.script.append(loses)
    house.work()
    assert isinstance(house.job(job.id), CancelledJob)


class UpscalerWithSteps:
    """Lets something happen between two steps of its work, and counts those that it did."""

    def __init__(self, between: Callable[[], None]) -> None:
        self._between = between
        self.steps = 0

    def enhance(self, original: BinaryIO, *, size: Dimensions, watch: Watch = UNWATCHED) -> EnhancedPicture:
        for step in range(1, 5):
            self.steps = step
            watch.report(step / 4)
            if step == 2:
                self._between()
        return MemoryUpscaler().enhance(original, size=size)


def test_the_engine_of_a_cancelled_job_stops_at_its_next_step_after_a_heartbeat() -> None:
    def cancelled() -> None:
        house.cancellation.cancel(owner, job.id)
        pulse.strike()

    pulse, upscaler = StillPulse(), UpscalerWithSteps(cancelled)
    house = House.build(pulse=pulse, upscaler=upscaler)
    owner = house.owner()
    job = house.accept(owner)
    house.work()
    assert upscaler.steps == 3
    assert isinstance(house.job(job.id), CancelledJob)
    assert [kind for kind, _ in house.story(owner)].count("REFUND") == 1
    assert enhanced_objects(house) == set()
    assert house.findings() == []


def test_a_heartbeat_tells_how_far_the_engine_is() -> None:
    pulse, seen = StillPulse(), list[Job]()

    def looks() -> None:
        pulse.strike()
        seen.append(house.job(job.id))

    house = House.build(pulse=pulse, upscaler=UpscalerWithSteps(looks))
    job = house.accept(house.owner())
    house.work()
    (halfway,) = seen
    assert isinstance(halfway, ClaimedJob)
    assert halfway.progress == 42  # of the picture half, and fetching before it


def test_how_a_picture_was_made_is_kept_with_its_job(house: House) -> None:
    job = house.accept(house.owner())
    house.work()
    done = house.job(job.id)
    assert isinstance(done, CompletedJob)
    assert done.result.method == "made up"


def test_an_outcome_that_the_database_does_not_take_is_found_again_by_the_sweeper() -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    house = House.build(transactions=transactions)
    job = house.accept(house.owner())
    transactions.before_begin.extend([pass_by, database_fails])
    with pytest.raises(DatabaseUnavailable):
        house.work()
    assert isinstance(house.job(job.id), ClaimedJob)
    house.come_to_rest()
    done = house.job(job.id)
    assert isinstance(done, CompletedJob)
    house.pass_time(2 * house.limits.orphan_age)
    house.sweep.collect_orphans()
    assert enhanced_objects(house) == {str(done.result.key)}
    assert house.findings() == []


def test_a_database_that_fails_at_the_claim_leaves_the_job_to_the_sweeper() -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    house = House.build(transactions=transactions)
    job = house.accept(house.owner())
    transactions.before_begin.append(database_fails)
    with pytest.raises(DatabaseUnavailable):
        house.work()
    house.come_to_rest()
    assert isinstance(house.job(job.id), CompletedJob)
    assert house.job(job.id).attempt == 1
