"""A worker's handling of one job, with any behavior of the engine, the store or the owner."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import evolve

from faults import FaultyBlobStore, ScriptedUpscaler
from services import Services
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
from spike_core.ports.upscaler import RenderedImage
from spike_core.services.job_runner import INTERNAL_TROUBLE
from spike_memory import ManualClock, MemoryBlobStore
from spike_memory.engine import a_picture

SMALL = Dimensions(width_px=10, height_px=10)


def enhanced_objects(services: Services) -> set[str]:
    return {str(key) for key in services.inventory().objects if str(key).startswith("enhanced/")}


def check_refunded(services: Services, job: Job) -> RefundedJob:
    """Assert that the job is refunded, once and in full, and left no object; return it."""
    refunded = services.job(job.id)
    assert isinstance(refunded, RefundedJob)
    assert [amount for kind, amount in services.story(job.spec.owner_id) if kind == "REFUND"] == [2]
    assert enhanced_objects(services) == set()
    assert services.inventory().messages == frozenset()
    assert services.findings() == []
    return refunded


def test_a_duplicate_delivery_does_nothing(services: Services) -> None:
    job = services.accept(services.owner())
    services.work()
    before = services.inventory()
    with pytest.raises(NothingToClaim):
        services.jobs.runner.perform(job.id)
    services.check_nothing_but_time_passed(before)


def test_a_job_may_be_performed_before_its_start_is_noted(services: Services) -> None:
    services.inbox.refuses = True
    job = services.accept(services.owner())
    services.jobs.runner.perform(job.id)
    assert isinstance(services.job(job.id), CompletedJob)
    assert services.inventory().messages == frozenset()


FLAWED: dict[str, Callable[[RenderedImage], RenderedImage]] = {
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
    services = Services.build(upscaler=upscaler)
    upscaler.script.extend([FLAWED[flaw]] * services.limits.attempts_max)
    job = services.accept(services.owner())
    services.come_to_rest()
    assert check_refunded(services, job).reason.startswith("the enhanced picture failed its check: ")
    assert upscaler.calls == services.limits.attempts_max


@pytest.mark.parametrize("flaw", FLAWED)
def test_a_flaw_that_goes_away_costs_only_time(flaw: str) -> None:
    upscaler = ScriptedUpscaler()
    upscaler.script.append(FLAWED[flaw])
    services = Services.build(upscaler=upscaler)
    job = services.accept(services.owner())
    services.come_to_rest()
    done = services.job(job.id)
    assert isinstance(done, CompletedJob)
    assert (done.attempt, enhanced_objects(services)) == (2, {str(done.result.key)})
    assert services.findings() == []


@pytest.mark.parametrize("error", [UndecodablePicture(), UnusableResult("it is elsewhere"), PromptRefused()])
def test_what_would_end_alike_again_is_refunded_at_once(error: SpikeError) -> None:
    upscaler = ScriptedUpscaler()
    upscaler.script.append(error)
    services = Services.build(upscaler=upscaler)
    job = services.accept(services.owner())
    services.work()
    check_refunded(services, job)
    assert upscaler.calls == 1


def test_a_blank_result_of_a_blank_original_is_what_was_ordered(services: Services) -> None:
    content = a_picture(Dimensions(width_px=20, height_px=10), flaw="blank")
    job = services.upload(services.owner(), content=content).job
    assert job is not None
    services.work()
    assert isinstance(services.job(job.id), CompletedJob)


def test_an_original_that_is_gone_is_refunded_at_once(services: Services) -> None:
    uploaded = services.upload(services.owner())
    assert uploaded.job is not None
    services.blobs.delete([uploaded.image.original])
    services.work()
    assert isinstance(services.job(uploaded.job.id), RefundedJob)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(UpscalerUnavailable(), str(UpscalerUnavailable())), (ZeroDivisionError("at 0x7f"), INTERNAL_TROUBLE)],
)
def test_trouble_is_tried_again_and_refunded_when_it_does_not_go_away(trouble: Exception, reason: str) -> None:
    """Unexpected errors' messages aren't shown to the owner."""
    upscaler = ScriptedUpscaler()
    services = Services.build(upscaler=upscaler)
    upscaler.script.extend([trouble] * services.limits.attempts_max)
    job = services.accept(services.owner())
    services.come_to_rest()
    assert check_refunded(services, job).reason == reason
    assert upscaler.calls == services.limits.attempts_max


@pytest.mark.parametrize("trouble", [UpscalerUnavailable(), MemoryError()])
def test_trouble_that_goes_away_costs_only_time(trouble: Exception) -> None:
    upscaler = ScriptedUpscaler()
    upscaler.script.append(trouble)
    services = Services.build(upscaler=upscaler)
    job = services.accept(services.owner())
    services.work()
    assert isinstance(services.job(job.id), PendingJob)
    services.come_to_rest()
    done = services.job(job.id)
    assert isinstance(done, CompletedJob)
    assert (done.attempt, done.crashes) == (2, 0)
    assert str(done.result.key) == f"enhanced/{job.id}-2.jpg"
    assert services.findings() == []


@pytest.mark.parametrize("method", ["put", "open"])
def test_a_store_in_trouble_is_tried_again_and_refunded_in_the_end(method: str) -> None:
    clock = ManualClock()
    blobs = FaultyBlobStore(MemoryBlobStore(clock))
    services = Services.build(clock=clock, blobs=blobs)
    job = services.accept(services.owner())
    blobs.failing.add(method)
    services.work()
    assert isinstance(services.job(job.id), PendingJob)
    services.come_to_rest()
    assert services.job(job.id).attempt == services.limits.attempts_max
    check_refunded(services, job)


def test_a_worker_that_dies_leaves_a_claim_for_the_sweeper() -> None:
    """A crash is no exception that code may catch."""
    upscaler = ScriptedUpscaler()
    upscaler.script.append(dies)
    services = Services.build(upscaler=upscaler)
    job = services.accept(services.owner())
    with pytest.raises(SystemExit):
        services.work()
    assert isinstance(services.job(job.id), ClaimedJob)
    services.come_to_rest()
    done = services.job(job.id)
    assert isinstance(done, CompletedJob)
    assert (done.attempt, done.crashes) == (2, 1)


def dies(_picture: RenderedImage) -> RenderedImage:
    raise SystemExit


def test_a_picture_that_kills_three_workers_is_refunded() -> None:
    upscaler = ScriptedUpscaler()
    services = Services.build(upscaler=upscaler)
    upscaler.script.extend([dies] * 3)
    job = services.accept(services.owner())
    for _ in range(3):
        with pytest.raises(SystemExit):
            services.work()
        services.pass_time(services.limits.lease)
        assert services.maintenance.recovery.repair() == 1
        services.pass_time(timedelta(minutes=1))
        services.jobs.dispatch.relay()
    assert check_refunded(services, job).crashes == 3
