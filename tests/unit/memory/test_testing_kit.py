"""`spike_core.testing`: what a test of an embedding program controls."""

from datetime import timedelta
from typing import get_args

import pytest

from spike_core.domain.errors import (
    DownloadFailed,
    ObjectNotFound,
    PromptRefused,
    QueueUnavailable,
    SpikeError,
    StorageUnavailable,
    UndecodablePicture,
    UpscalerUnavailable,
)
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import CompletedJob, PendingJob, RefundedJob
from spike_core.domain.tiers import Tier
from spike_core.testing import FailingPort, InMemorySpike, build_in_memory, draw_picture


@pytest.fixture
def spike() -> InMemorySpike:
    return build_in_memory()


def ordered(spike: InMemorySpike) -> JobId:
    job = spike.upload(spike.owner(tokens=10)).job
    assert job is not None
    return job.id


def test_a_failure_is_of_the_next_call_alone(spike: InMemorySpike) -> None:
    """The job is retried when its time has come, and charged once."""
    job_id = ordered(spike)
    spike.fail_next("upscaler")
    spike.work()
    assert isinstance(spike.job(job_id), PendingJob)
    spike.clock.advance(timedelta(hours=1))
    spike.jobs.dispatch.relay()
    assert spike.work() == 1
    job = spike.job(job_id)
    assert isinstance(job, CompletedJob)
    assert spike.read(job.result.key) == draw_picture(1024, 768)


def test_an_error_for_good_ends_the_job_at_once(spike: InMemorySpike) -> None:
    job_id = ordered(spike)
    spike.fail_next("upscaler", UndecodablePicture())
    spike.work()
    assert isinstance(spike.job(job_id), RefundedJob)


def test_a_refused_prompt_is_refunded(spike: InMemorySpike) -> None:
    owner_id = spike.owner(tokens=10)
    accepted = spike.jobs.generations.generate(
        owner_id, prompt=Prompt("a lake"), negative=None, tier=Tier.TIER_1K, aspect_ratio=AspectRatio.SQUARE
    )
    spike.fail_next("generator", PromptRefused())
    spike.work()
    assert isinstance(spike.job(accepted.job.id), RefundedJob)
    assert spike.balance(owner_id) == 10


def test_as_many_calls_fail_as_were_asked_for(spike: InMemorySpike) -> None:
    owner_id = spike.owner()
    spike.fail_next("blobs", method="put", calls=2)
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            spike.upload(owner_id)
    assert spike.upload(owner_id).job


def test_a_failure_of_a_method_leaves_the_ports_other_methods_alone(spike: InMemorySpike) -> None:
    spike.fail_next("blobs", ObjectNotFound(), method="open")
    job_id = ordered(spike)  # which puts an object
    spike.work()
    assert isinstance(spike.job(job_id), RefundedJob)


def test_a_port_fails_until_its_context_ends(spike: InMemorySpike) -> None:
    """The upload succeeds without a queue, and the relay sends the job when the queue is back."""
    with spike.failing("queue"):
        job_id = ordered(spike)
        with pytest.raises(QueueUnavailable):
            spike.jobs.dispatch.queue.instance_id()
    assert not spike.inbox.messages
    spike.clock.advance(timedelta(hours=1))
    spike.jobs.dispatch.relay()
    spike.work()
    assert isinstance(spike.job(job_id), CompletedJob)


@pytest.mark.parametrize("port", get_args(FailingPort))
def test_every_port_can_fail(spike: InMemorySpike, port: FailingPort) -> None:
    spike.fail_next(port)
    with pytest.raises(SpikeError):
        spike.failures.check(port, "any")
    spike.failures.check(port, "any")  # once


def test_each_port_fails_by_its_own_error(spike: InMemorySpike) -> None:
    for port, error in (("downloader", DownloadFailed), ("blender", UpscalerUnavailable)):
        spike.fail_next(port)  # type: ignore[arg-type]  # a literal of a tuple
        with pytest.raises(error):
            spike.failures.check(port, "any")  # type: ignore[arg-type]  # as above
