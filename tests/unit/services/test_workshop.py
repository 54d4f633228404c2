"""What a worker does with one job, whatever the engine, the store or the owner do meanwhile."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import evolve

from faults import FaultyBlobStore, ScriptedUpscaler
from house import House
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import (
    NothingToClaim,
    PromptRefused,
    SpikeError,
    UndecodablePicture,
    UnusableResult,
    UpscalerUnavailable,
)
from spike_core.domain.jobs import ClaimedJob, CompletedJob, Job, PendingJob, RefundedJob
from spike_core.domain.objects import PictureFormat
from spike_core.ports.upscaler import EnhancedPicture
from spike_core.services.workshop import INTERNAL_TROUBLE
from spike_memory import ManualClock, MemoryBlobStore
from spike_memory.engine import a_picture

SMALL = Dimensions(width_px=10, height_px=10)


def enhanced_objects(house: House) -> set[str]:
    return {str(key) for key in house.inventory().objects if str(key).startswith("enhanced/")}


def check_refunded(house: House, job: Job) -> RefundedJob:
    """Assert that the job is refunded, once and in full, and left no object; return it."""
    refunded = house.job(job.id)
    assert isinstance(refunded, RefundedJob)
    assert [amount for kind, amount in house.story(job.order.owner_id) if kind == "REFUND"] == [2]
    assert enhanced_objects(house) == set()
    assert house.inventory().messages == frozenset()
    assert house.findings() == []
    return refunded


def test_a_duplicate_delivery_does_nothing(house: House) -> None:
    job = house.accept(house.owner())
    house.work()
    before = house.inventory()
    with pytest.raises(NothingToClaim):
        house.workshop.perform(job.id)
    house.check_nothing_but_time_passed(before)


def test_a_job_may_be_performed_before_its_start_is_noted(house: House) -> None:
    house.inbox.refuses = True
    job = house.accept(house.owner())
    house.workshop.perform(job.id)
    assert isinstance(house.job(job.id), CompletedJob)
    assert house.inventory().messages == frozenset()


FLAWED: dict[str, Callable[[EnhancedPicture], EnhancedPicture]] = {
    "of the wrong size": lambda picture: evolve(picture, content=a_picture(SMALL), dimensions=SMALL),
    "of another size than it says": lambda picture: evolve(picture, content=a_picture(SMALL)),
    "said to be of another size than it is": lambda picture: evolve(picture, dimensions=SMALL),
    "of another format than it says": lambda picture: evolve(picture, format=PictureFormat.PNG),
    "blank": lambda picture: evolve(picture, content=a_picture(picture.dimensions, flaw="blank")),
    "dark": lambda picture: evolve(picture, content=a_picture(picture.dimensions, flaw="dark")),
    "of another tint": lambda picture: evolve(picture, content=a_picture(picture.dimensions, flaw="tinted")),
    "half a picture": lambda picture: evolve(picture, content=a_picture(picture.dimensions, flaw="half")),
    "garbage": lambda picture: evolve(picture, content=b"garbage"),
    "truncated": lambda picture: evolve(picture, content=a_picture(picture.dimensions, flaw="corrupt")),
    "animated": lambda picture: evolve(picture, content=a_picture(picture.dimensions, flaw="animated")),
}


@pytest.mark.parametrize("flaw", FLAWED)
def test_a_result_that_is_not_what_was_ordered_is_tried_again_and_refunded_in_the_end(flaw: str) -> None:
    upscaler = ScriptedUpscaler()
    house = House.build(upscaler=upscaler)
    upscaler.script.extend([FLAWED[flaw]] * house.limits.attempts_max)
    job = house.accept(house.owner())
    house.come_to_rest()
    assert check_refunded(house, job).reason.startswith("the enhanced picture failed its check: ")
    assert upscaler.calls == house.limits.attempts_max


@pytest.mark.parametrize("flaw", FLAWED)
def test_a_flaw_that_goes_away_costs_only_time(flaw: str) -> None:
    upscaler = ScriptedUpscaler()
    upscaler.script.append(FLAWED[flaw])
    house = House.build(upscaler=upscaler)
    job = house.accept(house.owner())
    house.come_to_rest()
    done = house.job(job.id)
    assert isinstance(done, CompletedJob)
    assert (done.attempt, enhanced_objects(house)) == (2, {str(done.result.key)})
    assert house.findings() == []


@pytest.mark.parametrize("error", [UndecodablePicture(), UnusableResult("it is elsewhere"), PromptRefused()])
def test_what_would_end_alike_again_is_refunded_at_once(error: SpikeError) -> None:
    upscaler = ScriptedUpscaler()
    upscaler.script.append(error)
    house = House.build(upscaler=upscaler)
    job = house.accept(house.owner())
    house.work()
    check_refunded(house, job)
    assert upscaler.calls == 1


def test_a_blank_result_of_a_blank_original_is_what_was_ordered(house: House) -> None:
    content = a_picture(Dimensions(width_px=20, height_px=10), flaw="blank")
    job = house.upload(house.owner(), content=content).job
    assert job is not None
    house.work()
    assert isinstance(house.job(job.id), CompletedJob)


def test_an_original_that_is_gone_is_refunded_at_once(house: House) -> None:
    uploaded = house.upload(house.owner())
    assert uploaded.job is not None
    house.blobs.delete([uploaded.image.original])
    house.work()
    assert isinstance(house.job(uploaded.job.id), RefundedJob)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(UpscalerUnavailable(), str(UpscalerUnavailable())), (ZeroDivisionError("at 0x7f"), INTERNAL_TROUBLE)],
)
def test_trouble_is_tried_again_and_refunded_when_it_does_not_go_away(trouble: Exception, reason: str) -> None:
    """What an unexpected error says isn't for the owner's eyes."""
    upscaler = ScriptedUpscaler()
    house = House.build(upscaler=upscaler)
    upscaler.script.extend([trouble] * house.limits.attempts_max)
    job = house.accept(house.owner())
    house.come_to_rest()
    assert check_refunded(house, job).reason == reason
    assert upscaler.calls == house.limits.attempts_max


@pytest.mark.parametrize("trouble", [UpscalerUnavailable(), MemoryError()])
def test_trouble_that_goes_away_costs_only_time(trouble: Exception) -> None:
    upscaler = ScriptedUpscaler()
    upscaler.script.append(trouble)
    house = House.build(upscaler=upscaler)
    job = house.accept(house.owner())
    house.work()
    assert isinstance(house.job(job.id), PendingJob)
    house.come_to_rest()
    done = house.job(job.id)
    assert isinstance(done, CompletedJob)
    assert (done.attempt, done.deaths) == (2, 0)
    assert str(done.result.key) == f"enhanced/{job.id}-2.jpg"
    assert house.findings() == []


@pytest.mark.parametrize("method", ["put", "open"])
def test_a_store_in_trouble_is_tried_again_and_refunded_in_the_end(method: str) -> None:
    clock = ManualClock()
    blobs = FaultyBlobStore(MemoryBlobStore(clock))
    house = House.build(clock=clock, blobs=blobs)
    job = house.accept(house.owner())
    blobs.failing.add(method)
    house.work()
    assert isinstance(house.job(job.id), PendingJob)
    house.come_to_rest()
    assert house.job(job.id).attempt == house.limits.attempts_max
    check_refunded(house, job)


def test_a_worker_that_dies_leaves_a_claim_for_the_sweeper() -> None:
    """Death isn't an exception that anybody here may catch."""
    upscaler = ScriptedUpscaler()
    upscaler.script.append(dies)
    house = House.build(upscaler=upscaler)
    job = house.accept(house.owner())
    with pytest.raises(SystemExit):
        house.work()
    assert isinstance(house.job(job.id), ClaimedJob)
    house.come_to_rest()
    done = house.job(job.id)
    assert isinstance(done, CompletedJob)
    assert (done.attempt, done.deaths) == (2, 1)


def dies(_picture: EnhancedPicture) -> EnhancedPicture:
    raise SystemExit


def test_a_picture_that_kills_three_workers_is_refunded() -> None:
    upscaler = ScriptedUpscaler()
    house = House.build(upscaler=upscaler)
    upscaler.script.extend([dies] * 3)
    job = house.accept(house.owner())
    for _ in range(3):
        with pytest.raises(SystemExit):
            house.work()
        house.pass_time(house.limits.lease)
        assert house.sweep.repair() == 1
        house.pass_time(timedelta(minutes=1))
        house.dispatch.relay()
    assert check_refunded(house, job).deaths == 3
