"""Everything behind the requests, over memory."""

import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from attrs import evolve

from eventually import eventually
from memory_spike import MemorySpike
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.images import ImageName
from spike_core.domain.jobs import CompletedJob, JobStatus
from spike_memory.engine import a_picture
from spike_runtime import Settings
from spike_worker import housekeeping, working
from stuck import StuckBlobStore

PICTURE = a_picture(Dimensions(width_px=640, height_px=480))
QUICK = Settings(relay_interval_s=0.01, sweep_interval_s=0.01, collect_interval_s=0.01)


@pytest.fixture
def _stuck() -> Iterator[None]:
    """Let work stay unfinished until the test, or its end, says otherwise."""
    StuckBlobStore.may_go_on.clear()
    yield
    StuckBlobStore.may_go_on.set()


def upload(house: MemorySpike, email: str = "ada@example.org") -> None:
    owner_id = house.register(email).user.id
    house.spike.uploads.upload(owner_id, name=ImageName("a.jpg"), content=io.BytesIO(PICTURE))


def wait_for(house: MemorySpike, status: JobStatus) -> None:
    """Look until every job has the status; what happens, happens in other threads."""
    eventually(f"all jobs {status}", lambda: set(house.statuses()) == {status})


def test_a_job_is_done_without_anyone_asking() -> None:
    house = MemorySpike.build(QUICK)
    with working(house.spike):
        upload(house)
        wait_for(house, JobStatus.COMPLETED)
    assert list(house.spike.audit.findings()) == []


def test_what_the_queue_refused_is_relayed_later() -> None:
    house = MemorySpike.build(QUICK)
    house.broker.queue.refuses = True
    upload(house)
    assert house.statuses() == [JobStatus.PENDING]
    house.broker.queue.refuses = False
    with working(house.spike):
        wait_for(house, JobStatus.COMPLETED)


def test_jobs_of_a_dead_process_are_taken_up_at_the_start() -> None:
    house = MemorySpike.build(Settings(relay_interval_s=0.01, retry_delay_s=0))
    upload(house)
    job_id = house.broker.queue.messages.popleft()
    house.spike.workshop.settlement.claim(job_id)
    with working(house.spike):
        wait_for(house, JobStatus.COMPLETED)
    with house.spike.database.transactions.view() as tx:
        job = tx.jobs.get(job_id)
    assert isinstance(job, CompletedJob)
    assert (job.attempt, job.deaths) == (2, 1)


@pytest.mark.usefixtures("_stuck")
def test_what_cannot_end_in_time_is_handed_back_and_its_late_result_changes_nothing() -> None:
    house = MemorySpike.build(evolve(QUICK, worker_drain_s=0.05, relay_interval_s=3600), blobs=StuckBlobStore)
    with working(house.spike) as in_work:
        upload(house)
        [held] = eventually("a job in work", lambda: in_work.jobs)
    handed_back = held.release()
    assert house.jobs() == [handed_back]
    StuckBlobStore.may_go_on.set()
    eventually("it comes to its end all the same", lambda: not in_work.jobs)
    assert house.jobs() == [handed_back]


@pytest.mark.usefixtures("_stuck")
def test_what_takes_longer_than_an_attempt_may_is_not_handed_back_but_left_to_its_lease() -> None:
    house = MemorySpike.build(evolve(QUICK, worker_drain_s=0.05, sweep_interval_s=3600), blobs=StuckBlobStore)
    with working(house.spike) as in_work:
        upload(house)
        [held] = eventually("a job in work", lambda: in_work.jobs)
        house.clock.advance(house.spike.settings.job_limits.work_time_max + timedelta(seconds=1))
    assert house.jobs() == [held]


def test_keeping_house_hands_jobs_to_the_queue_and_does_none() -> None:
    house = MemorySpike.build(QUICK)
    house.broker.queue.refuses = True
    upload(house)
    house.broker.queue.refuses = False
    with housekeeping(house.spike):
        wait_for(house, JobStatus.PROCESSING)
    assert len(house.broker.queue.messages) == 1


def test_any_number_may_keep_house_at_once() -> None:
    house = MemorySpike.build(QUICK)
    house.broker.queue.refuses = True
    for name in ("ada", "bob", "cid"):
        upload(house, f"{name}@example.org")
    house.broker.queue.refuses = False
    with housekeeping(house.spike), housekeeping(house.spike), working(house.spike):
        wait_for(house, JobStatus.COMPLETED)
    assert [job.attempt for job in house.jobs()] == [1, 1, 1]
    assert list(house.spike.audit.findings()) == []


def test_without_worker_threads_the_work_is_left_to_others() -> None:
    house = MemorySpike.build(Settings(worker_threads=0, relay_interval_s=0.01))
    with working(house.spike):
        upload(house)
        wait_for(house, JobStatus.PROCESSING)
    assert len(house.broker.queue.messages) == 1
