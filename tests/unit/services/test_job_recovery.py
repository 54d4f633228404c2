import io
from collections.abc import Collection
from datetime import timedelta

import pytest

from faults import FaultyBlobStore, FaultyTransactions
from services import Services
from spike_contracts.builders import a_job_id, an_image_id
from spike_core.domain.errors import StorageUnavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import ClaimedJob, CompletedJob, PendingJob, SettledJob, StartedJob
from spike_core.domain.limits import JobLimits
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.priorities import Priority
from spike_core.domain.tiers import Tier
from spike_core.services import job_recovery, lost_messages
from spike_core.services.job_recovery import RECOVERY_BATCH, SCAN_BATCH
from spike_core.services.lost_messages import FULL_LOOKUP_INTERVAL, OUTAGE_GAP_MAX, UNANSWERED_MAX
from spike_memory import ManualClock, MemoryBlobStore, MemoryQueue, MemoryTransactions

MICROSECOND = timedelta(microseconds=1)
UNBOUND = JobLimits(active_jobs_max=10 * RECOVERY_BATCH, active_time_max=timedelta(days=1))


def put(services: Services, key: ObjectKey) -> ObjectKey:
    services.blobs.put(key, io.BytesIO(b"something"))
    return key


def an_original() -> ObjectKey:
    return ObjectKey.of_original(an_image_id(), PictureFormat.JPEG)


def forget_messages(services: Services) -> None:
    with services.transactions.begin() as tx:
        tx.outbox.remove(list(services.inventory().jobs))


def test_a_quiet_house_needs_no_repair(services: Services) -> None:
    owner = services.owner()
    services.accept(owner)
    services.claim(owner)
    services.inbox.refuses = True
    services.accept(owner)
    before = services.inventory()
    assert services.maintenance.recovery.repair() == 0
    assert services.maintenance.recovery.collect_orphans() == 0
    services.check_nothing_but_time_passed(before)


def test_a_job_whose_message_was_lost_is_handed_over_again(services: Services) -> None:
    job = services.accept(services.owner())
    services.lose_messages()
    services.pass_time(services.limits.redeliver_after)
    assert services.maintenance.recovery.repair() == 0
    services.pass_time(MICROSECOND)
    assert services.maintenance.recovery.repair() == 1
    assert isinstance(services.job(job.id), PendingJob)
    services.jobs.dispatch.relay()
    services.work()
    assert isinstance(services.job(job.id), CompletedJob)


def test_a_job_that_merely_waits_is_never_sent_twice(services: Services) -> None:
    """However long: its message is in the queue."""
    owner = services.owner()
    jobs = [services.accept(owner) for _ in range(8)]
    for _ in range(5):
        services.pass_time(timedelta(hours=1))
        assert services.maintenance.recovery.repair() == 0
        services.jobs.dispatch.relay()
    assert list(services.inbox.messages) == [job.id for job in jobs]


def test_of_a_queue_that_lost_a_part_the_lost_messages_alone_are_sent_again(services: Services) -> None:
    """As after a failover to an older replica."""
    owner = services.owner()
    jobs = [services.accept(owner) for _ in range(8)]
    for job in jobs[4:]:
        services.inbox.messages.remove(job.id)
    services.pass_time(services.limits.redeliver_after + MICROSECOND)
    assert services.maintenance.recovery.repair() == 4
    assert services.jobs.dispatch.relay() == 4
    assert list(services.inbox.messages) == [job.id for job in jobs]
    assert services.maintenance.recovery.repair() == 0


def test_while_the_queue_doesnt_answer_nothing_is_taken_to_be_lost_for_a_while(services: Services) -> None:
    """But not for ever: a queue that stays away ends in refunds."""
    job = services.accept(services.owner())
    services.inbox.refuses = True
    services.pass_time(MICROSECOND)
    for _ in range(UNANSWERED_MAX // OUTAGE_GAP_MAX):
        assert services.maintenance.recovery.repair() == 0
        services.pass_time(OUTAGE_GAP_MAX)
    assert services.maintenance.recovery.repair() == 1
    assert isinstance(services.job(job.id), PendingJob)


def test_a_queue_that_fails_to_answer_once_makes_no_old_job_lost(services: Services) -> None:
    """Also if it fails again much later; in between another process may have asked it."""
    services.accept(services.owner())
    services.pass_time(2 * UNANSWERED_MAX)
    services.inbox.refuses = True
    assert services.maintenance.recovery.requeue_lost() == 0
    services.pass_time(UNANSWERED_MAX)
    assert services.maintenance.recovery.requeue_lost() == 0
    services.inbox.refuses = False
    assert services.maintenance.recovery.requeue_lost() == 0
    services.inbox.refuses = True
    services.pass_time(OUTAGE_GAP_MAX)
    assert services.maintenance.recovery.requeue_lost() == 0


def test_a_message_that_was_not_lost_after_all_is_a_duplicate(services: Services) -> None:
    job = services.accept(services.owner())
    services.lose_messages()
    services.pass_time(services.limits.redeliver_after + MICROSECOND)
    services.maintenance.recovery.repair()
    services.inbox.send(job.id, priority=Priority.HIGH)
    services.jobs.dispatch.relay()
    assert list(services.inbox.messages) == [job.id, job.id]
    assert services.work() == 1
    assert services.findings() == []


def test_a_pending_job_without_a_message_is_relayed_all_the_same(services: Services) -> None:
    services.inbox.refuses = True
    job = services.accept(services.owner())
    forget_messages(services)
    services.inbox.refuses = False
    assert services.jobs.dispatch.relay() == 1
    assert list(services.inbox.messages) == [job.id]


def test_a_job_whose_lease_ran_out_is_buried_and_tried_again(services: Services) -> None:
    job = services.claim(services.owner())
    services.pass_time(services.limits.lease - MICROSECOND)
    assert services.maintenance.recovery.repair() == 0
    services.pass_time(MICROSECOND)
    assert services.maintenance.recovery.repair() == 1
    buried = services.job(job.id)
    assert isinstance(buried, PendingJob)
    assert (buried.attempt, buried.crashes) == (1, 1)
    services.come_to_rest()
    assert isinstance(services.job(job.id), CompletedJob)


def test_a_job_whose_lease_was_renewed_is_left_alone(services: Services) -> None:
    job = services.claim(services.owner())
    services.pass_time(services.limits.lease)
    services.jobs.transitions.renew(job, progress=1)
    services.pass_time(services.limits.lease - MICROSECOND)
    assert services.maintenance.recovery.repair() == 0


def test_a_job_that_goes_on_by_itself_meanwhile_is_not_counted_and_stops_nothing() -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    services = Services.build(transactions=transactions)
    owner = services.owner()
    faster, lost = services.accept(owner), services.accept(owner)
    services.lose_messages()
    services.pass_time(services.limits.redeliver_after + MICROSECOND)
    transactions.before_begin.append(lambda: services.jobs.runner.perform(faster.id))
    assert services.maintenance.recovery.repair() == 1
    assert isinstance(services.job(faster.id), CompletedJob)
    assert isinstance(services.job(lost.id), PendingJob)


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> Services:
    """Forty started jobs that have been looked up, of which a run looks up the first four."""
    monkeypatch.setattr(lost_messages, "FIRST_LOOKUP", 4)
    monkeypatch.setattr(lost_messages, "LOOKUP_BATCH", 10)
    services = Services.build(limits=UNBOUND)
    owner = services.owner(tokens=10 * RECOVERY_BATCH)
    for _ in range(40):
        services.accept(owner)
    for _ in range(3):
        services.pass_time(services.limits.redeliver_after + MICROSECOND)
        assert services.maintenance.recovery.requeue_lost() == 0
    return services


def lose(services: Services, *places: int) -> None:
    """Lose the messages in these places of the queue."""
    for job_id in [services.inbox.messages[place] for place in places]:
        services.inbox.messages.remove(job_id)


def test_the_jobs_that_were_started_first_are_looked_up_alone(
    crowded: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each priority: a long queue of one hides nothing in the other."""
    asked: list[int] = []
    held = MemoryQueue.held

    def counted(queue: MemoryQueue, job_ids: Collection[JobId]) -> Collection[JobId]:
        asked.append(len(job_ids))
        return held(queue, job_ids)

    monkeypatch.setattr(MemoryQueue, "held", counted)
    bob = crowded.owner("bob@example.org")
    large = crowded.upload(bob, album_id=crowded.album(bob, default_tier=Tier.TIER_4K).id).job
    assert large is not None
    crowded.inbox.messages.remove(large.id)
    crowded.pass_time(crowded.limits.redeliver_after + MICROSECOND)
    assert crowded.maintenance.recovery.requeue_lost() == 1
    assert asked == [4, 1]


def test_a_lost_message_is_noticed_when_its_turn_has_come(crowded: Services) -> None:
    lost = crowded.inbox.messages[20]
    lose(crowded, 20)
    assert crowded.maintenance.recovery.requeue_lost() == 0
    for _ in range(20):
        crowded.jobs.runner.perform(crowded.inbox.messages.popleft())
    assert crowded.maintenance.recovery.requeue_lost() == 1
    assert isinstance(crowded.job(lost), PendingJob)


def test_where_one_of_the_first_was_lost_the_others_are_looked_up(crowded: Services) -> None:
    """As far as each page has lost one: a queue that was emptied is filled again at once."""
    crowded.lose_messages()
    assert crowded.maintenance.recovery.requeue_lost() == 40
    assert crowded.maintenance.recovery.requeue_lost() == 0


def test_a_queue_that_was_restored_from_an_older_copy_is_looked_up_whole(crowded: Services) -> None:
    """It lost the latest messages. Those sent a moment before are too young to be missed, and looked up next time."""
    fresh = crowded.accept(crowded.owner("bob@example.org"))
    lose(crowded, 30, 31, 40)
    crowded.inbox.instance = "the replica"
    assert crowded.maintenance.recovery.requeue_lost() == 2
    crowded.pass_time(crowded.limits.redeliver_after + MICROSECOND)
    assert crowded.maintenance.recovery.requeue_lost() == 1
    assert isinstance(crowded.job(fresh.id), PendingJob)


def test_every_now_and_then_all_are_looked_up(crowded: Services) -> None:
    lose(crowded, 30)
    since_the_last = crowded.limits.redeliver_after + MICROSECOND
    crowded.pass_time(FULL_LOOKUP_INTERVAL - since_the_last - MICROSECOND)
    assert crowded.maintenance.recovery.requeue_lost() == 0
    crowded.pass_time(2 * MICROSECOND)
    assert crowded.maintenance.recovery.requeue_lost() == 1


def test_losing_the_whole_broker_loses_no_job(services: Services) -> None:
    owner = services.owner()
    for _ in range(5):
        services.accept(owner)
    services.lose_messages()
    services.come_to_rest()
    assert all(isinstance(job, CompletedJob) for job in services.inventory().jobs.values())
    assert services.findings() == []


def test_after_a_restart_every_job_goes_on_at_once() -> None:
    """Queue and workers were in the process that died, so recovery doesn't wait for leases or lost messages."""
    services = Services.build(limits=UNBOUND)
    owner = services.owner(tokens=10 * RECOVERY_BATCH)
    for _ in range(RECOVERY_BATCH + 1):
        services.accept(owner)
    services.claim(owner)
    services.lose_messages()
    assert services.maintenance.recovery.repair_after_restart() == RECOVERY_BATCH + 2
    jobs = services.inventory().jobs
    assert all(isinstance(job, PendingJob) for job in jobs.values())
    assert {message.job_id for message in services.inventory().messages} == set(jobs)
    assert services.maintenance.recovery.repair_after_restart() == 0
    services.come_to_rest()
    assert all(isinstance(job, CompletedJob) for job in services.inventory().jobs.values())


def test_a_restart_leaves_what_has_ended_alone(services: Services) -> None:
    owner = services.owner()
    services.accept(owner)
    services.work()
    services.jobs.cancellation.cancel(owner, services.accept(owner).id)
    before = services.inventory()
    assert all(isinstance(job, SettledJob) for job in before.jobs.values())
    assert services.maintenance.recovery.repair_after_restart() == 0
    services.check_nothing_but_time_passed(before)


def test_an_orphan_is_collected_when_it_is_old_enough_and_not_before(services: Services) -> None:
    keys = {put(services, an_original()), put(services, ObjectKey.of_result(a_job_id(), PictureFormat.PNG, attempt=2))}
    services.pass_time(services.limits.orphan_age)
    assert services.maintenance.recovery.collect_orphans() == 0
    assert services.inventory().objects == keys
    services.pass_time(MICROSECOND)
    assert services.maintenance.recovery.collect_orphans() == 2
    assert services.inventory().objects == frozenset()


def test_objects_that_rows_name_are_never_collected(services: Services) -> None:
    owner = services.owner()
    services.accept(owner)
    services.work()
    services.upload(owner, album_id=services.album(owner, auto_enhance=False).id)
    services.pass_time(timedelta(days=1000))
    before = services.inventory()
    assert services.maintenance.recovery.collect_orphans() == 0
    services.check_nothing_but_time_passed(before)
    assert len(before.objects) == 3


@pytest.mark.parametrize("state", [PendingJob, StartedJob, ClaimedJob])
def test_objects_of_a_job_that_goes_on_are_kept_until_it_ends(services: Services, state: type[object]) -> None:
    """Its worker may be about to store their keys."""
    owner = services.owner()
    services.inbox.refuses = state is PendingJob
    job = services.accept(owner)
    if state is ClaimedJob:
        services.jobs.transitions.claim(job.id)
    assert type(services.job(job.id)) is state
    key = put(services, ObjectKey.of_result(job.id, PictureFormat.JPEG, attempt=1))
    services.pass_time(timedelta(days=1))
    assert services.maintenance.recovery.collect_orphans() == 0
    services.jobs.cancellation.cancel(owner, job.id)
    assert services.maintenance.recovery.collect_orphans() == 1
    assert key not in services.inventory().objects


def test_what_an_earlier_attempt_left_is_collected_when_the_job_is_done(services: Services) -> None:
    job = services.claim(services.owner())
    left = put(services, ObjectKey.of_result(job.id, PictureFormat.JPEG, attempt=1))
    services.jobs.transitions.expire_lease(job)
    services.come_to_rest()
    services.pass_time(timedelta(days=1))
    assert services.maintenance.recovery.collect_orphans() == 1
    done = services.job(job.id)
    assert isinstance(done, CompletedJob)
    objects = services.inventory().objects
    assert left not in objects
    assert done.result.key in objects


def test_an_object_beside_the_original_under_another_extension_is_an_orphan(services: Services) -> None:
    image = services.upload(services.owner()).image
    put(services, ObjectKey.of_original(image.id, PictureFormat.PNG))
    services.pass_time(timedelta(days=1))
    services.come_to_rest()
    assert services.maintenance.recovery.collect_orphans() == 1
    assert image.original in services.inventory().objects


def test_more_orphans_than_a_page_are_all_collected(services: Services) -> None:
    for _ in range(SCAN_BATCH + 1):
        put(services, an_original())
    services.pass_time(timedelta(days=1))
    assert services.maintenance.recovery.collect_orphans() == SCAN_BATCH + 1
    assert services.inventory().objects == frozenset()


@pytest.mark.parametrize("method", ["scan", "delete"])
def test_a_store_in_trouble_is_told_and_a_later_sweep_goes_on(method: str) -> None:
    clock = ManualClock()
    blobs = FaultyBlobStore(MemoryBlobStore(clock))
    services = Services.build(clock=clock, blobs=blobs)
    put(services, an_original())
    services.pass_time(timedelta(days=1))
    blobs.failing.add(method)
    with pytest.raises(StorageUnavailable):
        services.maintenance.recovery.collect_orphans()
    blobs.failing.clear()
    assert services.maintenance.recovery.collect_orphans() == 1


def test_a_collection_begins_after_a_key_and_tells_how_far_it_has_come(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_recovery, "SCAN_BATCH", 2)
    keys = sorted(put(services, an_original()) for _ in range(6))
    services.pass_time(timedelta(days=1))
    kept: list[str] = []
    assert services.maintenance.recovery.collect_orphans(keys[1].text, kept.append) == 4
    assert kept == [keys[3].text, keys[5].text]
    assert {stored.key for stored in services.blobs.scan(limit=9)} == set(keys[:2])
    assert services.maintenance.recovery.collect_orphans() == 2
