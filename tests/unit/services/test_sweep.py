import io
from datetime import timedelta

import pytest

from faults import FaultyBlobStore, FaultyTransactions
from house import House
from spike_contracts.builders import a_job_id, an_image_id
from spike_core.domain.errors import StorageUnavailable
from spike_core.domain.jobs import ClaimedJob, CompletedJob, PendingJob, SettledJob, StartedJob
from spike_core.domain.limits import JobLimits
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.services.sweep import SCAN_BATCH, SWEEP_BATCH
from spike_memory import ManualClock, MemoryBlobStore, MemoryTransactions

MICROSECOND = timedelta(microseconds=1)
UNBOUND = JobLimits(on_their_way_max=10 * SWEEP_BATCH)


def put(house: House, key: ObjectKey) -> ObjectKey:
    house.blobs.put(key, io.BytesIO(b"something"))
    return key


def an_original() -> ObjectKey:
    return ObjectKey.of_original(an_image_id(), PictureFormat.JPEG)


def forget_messages(house: House) -> None:
    with house.transactions.begin() as tx:
        tx.outbox.remove(list(house.inventory().jobs))


def test_a_quiet_house_needs_no_repair(house: House) -> None:
    owner = house.owner()
    house.accept(owner)
    house.claim(owner)
    house.inbox.refuses = True
    house.accept(owner)
    before = house.inventory()
    assert house.sweep.repair() == 0
    assert house.sweep.collect_orphans() == 0
    house.check_nothing_but_time_passed(before)


def test_a_job_whose_message_was_lost_is_handed_over_again(house: House) -> None:
    job = house.accept(house.owner())
    house.lose_messages()
    house.pass_time(house.limits.redeliver_after)
    assert house.sweep.repair() == 0
    house.pass_time(MICROSECOND)
    assert house.sweep.repair() == 1
    assert isinstance(house.job(job.id), PendingJob)
    house.dispatch.relay()
    house.work()
    assert isinstance(house.job(job.id), CompletedJob)


def test_a_message_that_was_not_lost_after_all_is_a_duplicate(house: House) -> None:
    job = house.accept(house.owner())
    house.pass_time(house.limits.redeliver_after + MICROSECOND)
    house.sweep.repair()
    house.dispatch.relay()
    assert list(house.inbox.messages) == [job.id, job.id]
    assert house.work() == 1
    assert house.findings() == []


def test_a_pending_job_without_a_message_is_relayed_all_the_same(house: House) -> None:
    house.inbox.refuses = True
    job = house.accept(house.owner())
    forget_messages(house)
    house.inbox.refuses = False
    assert house.dispatch.relay() == 1
    assert list(house.inbox.messages) == [job.id]


def test_a_job_whose_lease_ran_out_is_buried_and_tried_again(house: House) -> None:
    job = house.claim(house.owner())
    house.pass_time(house.limits.lease - MICROSECOND)
    assert house.sweep.repair() == 0
    house.pass_time(MICROSECOND)
    assert house.sweep.repair() == 1
    buried = house.job(job.id)
    assert isinstance(buried, PendingJob)
    assert (buried.attempt, buried.deaths) == (1, 1)
    house.come_to_rest()
    assert isinstance(house.job(job.id), CompletedJob)


def test_a_job_whose_lease_was_renewed_is_left_alone(house: House) -> None:
    job = house.claim(house.owner())
    house.pass_time(house.limits.lease)
    house.settlement.renew(job, progress=1)
    house.pass_time(house.limits.lease - MICROSECOND)
    assert house.sweep.repair() == 0


def test_a_job_that_goes_on_by_itself_meanwhile_is_not_counted_and_stops_nothing() -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    house = House.build(transactions=transactions)
    owner = house.owner()
    faster, lost = house.accept(owner), house.accept(owner)
    house.pass_time(house.limits.redeliver_after + MICROSECOND)
    transactions.before_begin.append(lambda: house.workshop.perform(faster.id))
    assert house.sweep.repair() == 1
    assert isinstance(house.job(faster.id), CompletedJob)
    assert isinstance(house.job(lost.id), PendingJob)


def test_more_lost_jobs_than_a_batch_are_repaired_batch_by_batch() -> None:
    house = House.build(limits=UNBOUND)
    owner = house.owner(tokens=10 * SWEEP_BATCH)
    for _ in range(SWEEP_BATCH + 1):
        house.accept(owner)
    house.lose_messages()
    house.pass_time(house.limits.redeliver_after + MICROSECOND)
    assert [house.sweep.repair() for _ in range(3)] == [SWEEP_BATCH, 1, 0]


def test_losing_the_whole_broker_loses_no_job(house: House) -> None:
    owner = house.owner()
    for _ in range(5):
        house.accept(owner)
    house.lose_messages()
    house.come_to_rest()
    assert all(isinstance(job, CompletedJob) for job in house.inventory().jobs.values())
    assert house.findings() == []


def test_after_a_restart_every_job_goes_on_at_once() -> None:
    """Queue and workers were in the process that died: nobody waits for leases or lost messages."""
    house = House.build(limits=UNBOUND)
    owner = house.owner(tokens=10 * SWEEP_BATCH)
    for _ in range(SWEEP_BATCH + 1):
        house.accept(owner)
    house.claim(owner)
    house.lose_messages()
    assert house.sweep.repair_after_restart() == SWEEP_BATCH + 2
    jobs = house.inventory().jobs
    assert all(isinstance(job, PendingJob) for job in jobs.values())
    assert {message.job_id for message in house.inventory().messages} == set(jobs)
    assert house.sweep.repair_after_restart() == 0
    house.come_to_rest()
    assert all(isinstance(job, CompletedJob) for job in house.inventory().jobs.values())


def test_a_restart_leaves_what_has_ended_alone(house: House) -> None:
    owner = house.owner()
    house.accept(owner)
    house.work()
    house.cancellation.cancel(owner, house.accept(owner).id)
    before = house.inventory()
    assert all(isinstance(job, SettledJob) for job in before.jobs.values())
    assert house.sweep.repair_after_restart() == 0
    house.check_nothing_but_time_passed(before)


def test_an_orphan_is_collected_when_it_is_old_enough_and_not_before(house: House) -> None:
    keys = {put(house, an_original()), put(house, ObjectKey.of_result(a_job_id(), PictureFormat.PNG, attempt=2))}
    house.pass_time(house.limits.orphan_age)
    assert house.sweep.collect_orphans() == 0
    assert house.inventory().objects == keys
    house.pass_time(MICROSECOND)
    assert house.sweep.collect_orphans() == 2
    assert house.inventory().objects == frozenset()


def test_objects_that_rows_name_are_never_collected(house: House) -> None:
    owner = house.owner()
    house.accept(owner)
    house.work()
    house.upload(owner, album_id=house.album(owner, auto_enhance=False).id)
    house.pass_time(timedelta(days=1000))
    before = house.inventory()
    assert house.sweep.collect_orphans() == 0
    house.check_nothing_but_time_passed(before)
    assert len(before.objects) == 3


@pytest.mark.parametrize("state", [PendingJob, StartedJob, ClaimedJob])
def test_objects_of_a_job_that_goes_on_are_kept_until_it_ends(house: House, state: type[object]) -> None:
    """Its worker may be just about to name them."""
    owner = house.owner()
    house.inbox.refuses = state is PendingJob
    job = house.accept(owner)
    if state is ClaimedJob:
        house.settlement.claim(job.id)
    assert type(house.job(job.id)) is state
    key = put(house, ObjectKey.of_result(job.id, PictureFormat.JPEG, attempt=1))
    house.pass_time(timedelta(days=1))
    assert house.sweep.collect_orphans() == 0
    house.cancellation.cancel(owner, job.id)
    assert house.sweep.collect_orphans() == 1
    assert key not in house.inventory().objects


def test_what_an_earlier_attempt_left_is_collected_when_the_job_is_done(house: House) -> None:
    job = house.claim(house.owner())
    left = put(house, ObjectKey.of_result(job.id, PictureFormat.JPEG, attempt=1))
    house.settlement.bury(job)
    house.come_to_rest()
    house.pass_time(timedelta(days=1))
    assert house.sweep.collect_orphans() == 1
    done = house.job(job.id)
    assert isinstance(done, CompletedJob)
    objects = house.inventory().objects
    assert left not in objects
    assert done.result.key in objects


def test_an_object_beside_the_original_under_another_extension_is_an_orphan(house: House) -> None:
    image = house.upload(house.owner()).image
    put(house, ObjectKey.of_original(image.id, PictureFormat.PNG))
    house.pass_time(timedelta(days=1))
    house.come_to_rest()
    assert house.sweep.collect_orphans() == 1
    assert image.original in house.inventory().objects


def test_more_orphans_than_a_page_are_all_collected(house: House) -> None:
    for _ in range(SCAN_BATCH + 1):
        put(house, an_original())
    house.pass_time(timedelta(days=1))
    assert house.sweep.collect_orphans() == SCAN_BATCH + 1
    assert house.inventory().objects == frozenset()


@pytest.mark.parametrize("method", ["scan", "delete"])
def test_a_store_in_trouble_is_told_and_a_later_sweep_goes_on(method: str) -> None:
    clock = ManualClock()
    blobs = FaultyBlobStore(MemoryBlobStore(clock))
    house = House.build(clock=clock, blobs=blobs)
    put(house, an_original())
    house.pass_time(timedelta(days=1))
    blobs.failing.add(method)
    with pytest.raises(StorageUnavailable):
        house.sweep.collect_orphans()
    blobs.failing.clear()
    assert house.sweep.collect_orphans() == 1
