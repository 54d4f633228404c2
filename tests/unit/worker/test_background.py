"""Everything behind the requests, over memory."""

import io
import threading

from memory_spike import MemorySpike
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.images import ImageName
from spike_core.domain.jobs import CompletedJob, JobStatus
from spike_memory.engine import a_picture
from spike_runtime import Settings
from spike_worker import working

PATIENCE_S = 10
PICTURE = a_picture(Dimensions(width_px=640, height_px=480))
QUICK = Settings(relay_interval_s=0.01, sweep_interval_s=0.01, collect_interval_s=0.01)


def upload(house: MemorySpike) -> None:
    owner_id = house.register().user.id
    house.spike.uploads.upload(owner_id, name=ImageName("a.jpg"), content=io.BytesIO(PICTURE))


def wait_for(house: MemorySpike, status: JobStatus) -> None:
    """Look until every job has the status; what happens, happens in other threads."""
    moment = threading.Event()
    for _ in range(PATIENCE_S * 100):
        if set(house.statuses()) == {status}:
            return
        moment.wait(0.01)
    raise AssertionError(f"the jobs are {house.statuses()}")


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


def test_without_worker_threads_the_work_is_left_to_others() -> None:
    house = MemorySpike.build(Settings(worker_threads=0, relay_interval_s=0.01))
    with working(house.spike):
        upload(house)
        wait_for(house, JobStatus.PROCESSING)
    assert len(house.broker.queue.messages) == 1
