"""Periodic tasks and workers, with in-memory adapters."""

import io
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from attrs import evolve

from blocking_blobs import BlockingBlobStore
from event_oracle import Everything
from eventually import eventually
from memory_spike import MemorySpike
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.events import Event, JobCompleted
from spike_core.domain.images import ImageName
from spike_core.domain.jobs import CompletedJob, JobStatus
from spike_memory.engine import a_picture
from spike_runtime import Settings
from spike_worker import housekeeping, working

PICTURE = a_picture(Dimensions(width_px=640, height_px=480))
QUICK = Settings(relay_interval_s=0.01, sweep_interval_s=0.01, collect_interval_s=0.01, orphans_interval_s=0.01)


@pytest.fixture
def _stuck() -> Iterator[None]:
    """Keep work unfinished until the test releases it, or ends."""
    BlockingBlobStore.may_go_on.clear()
    yield
    BlockingBlobStore.may_go_on.set()


def upload(services: MemorySpike, email: str = "ada@example.org") -> None:
    owner_id = services.register(email).user.id
    services.spike.images.uploads.upload(owner_id, name=ImageName("a.jpg"), content=io.BytesIO(PICTURE))


def wait_for(services: MemorySpike, status: JobStatus) -> None:
    """Wait until every job has the status; other threads do the work."""
    eventually(f"all jobs {status}", lambda: set(services.statuses()) == {status})


def test_a_job_is_done_without_anyone_asking() -> None:
    services = MemorySpike.build(QUICK)
    with working(services.spike):
        upload(services)
        wait_for(services, JobStatus.COMPLETED)
    assert list(services.spike.maintenance.audit.findings()) == []


def test_what_the_queue_refused_is_relayed_later() -> None:
    services = MemorySpike.build(QUICK)
    services.broker.queue.refuses = True
    upload(services)
    assert services.statuses() == [JobStatus.PENDING]
    services.broker.queue.refuses = False
    with working(services.spike):
        wait_for(services, JobStatus.COMPLETED)


def test_jobs_of_a_dead_process_are_taken_up_at_the_start() -> None:
    services = MemorySpike.build(Settings(relay_interval_s=0.01, retry_delay_s=0))
    upload(services)
    job_id = services.broker.queue.messages.popleft()
    services.spike.jobs.runner.job_transitions.claim(job_id)
    with working(services.spike):
        wait_for(services, JobStatus.COMPLETED)
    with services.spike.database.transactions.view() as tx:
        job = tx.jobs.get(job_id)
    assert isinstance(job, CompletedJob)
    assert (job.attempt, job.crashes) == (2, 1)


@pytest.mark.usefixtures("_stuck")
def test_what_cannot_end_in_time_is_handed_back_and_its_late_result_changes_nothing() -> None:
    services = MemorySpike.build(evolve(QUICK, worker_drain_s=0.05, relay_interval_s=3600), blobs=BlockingBlobStore)
    with working(services.spike) as active_jobs:
        upload(services)
        [held] = eventually("a job in work", lambda: active_jobs.jobs)
    handed_back = held.release()
    assert services.jobs() == [handed_back]
    BlockingBlobStore.may_go_on.set()
    eventually("it comes to its end all the same", lambda: not active_jobs.jobs)
    assert services.jobs() == [handed_back]


@pytest.mark.usefixtures("_stuck")
def test_what_takes_longer_than_an_attempt_may_is_not_handed_back_but_left_to_its_lease() -> None:
    services = MemorySpike.build(evolve(QUICK, worker_drain_s=0.05, sweep_interval_s=3600), blobs=BlockingBlobStore)
    with working(services.spike) as active_jobs:
        upload(services)
        [held] = eventually("a job in work", lambda: active_jobs.jobs)
        services.clock.advance(services.spike.settings.job_limits.work_time_max + timedelta(seconds=1))
    assert services.jobs() == [held]


def test_keeping_house_hands_jobs_to_the_queue_and_does_none() -> None:
    services = MemorySpike.build(QUICK)
    services.broker.queue.refuses = True
    upload(services)
    services.broker.queue.refuses = False
    with housekeeping(services.spike):
        wait_for(services, JobStatus.PROCESSING)
    assert len(services.broker.queue.messages) == 1


def test_any_number_may_keep_house_at_once() -> None:
    services = MemorySpike.build(QUICK)
    services.broker.queue.refuses = True
    for name in ("ada", "bob", "cid"):
        upload(services, f"{name}@example.org")
    services.broker.queue.refuses = False
    with housekeeping(services.spike), housekeeping(services.spike), working(services.spike):
        wait_for(services, JobStatus.COMPLETED)
    assert [job.attempt for job in services.jobs()] == [1, 1, 1]
    assert list(services.spike.maintenance.audit.findings()) == []


def test_without_worker_threads_the_work_is_left_to_others() -> None:
    services = MemorySpike.build(Settings(worker_threads=0, relay_interval_s=0.01))
    with working(services.spike):
        upload(services)
        wait_for(services, JobStatus.PROCESSING)
    assert len(services.broker.queue.messages) == 1


class _Hanging:
    """A subscriber whose first call doesn't end before the test does."""

    name = "hanging"
    kinds = (JobCompleted,)

    def __init__(self) -> None:
        self.called, self.release = threading.Event(), threading.Event()

    def handle(self, _event: Event) -> None:
        self.called.set()
        self.release.wait()


def test_events_are_handed_over_and_a_subscriber_that_hangs_delays_neither_others_nor_jobs() -> None:
    hanging, everything = _Hanging(), Everything()
    services = MemorySpike.build(evolve(QUICK, worker_drain_s=0.05), subscribers=[hanging, everything])
    try:
        with working(services.spike):
            upload(services)
            assert hanging.called.wait(60)
            upload(services, "bob@example.org")
            wait_for(services, JobStatus.COMPLETED)
            eventually("all events", lambda: len(everything.events) == 8)  # per user: opening, charge, image, job
        exposed = services.spike.metrics.exposition().decode()
        assert 'spike_events_total{outcome="handled",subscriber="everything"} 8.0' in exposed
        assert 'spike_events_waiting{subscriber="hanging"} 2.0' in exposed
    finally:
        hanging.release.set()
