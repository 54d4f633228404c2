"""Nothing is an ordinary price, and each job is paid back once at most."""

from datetime import timedelta

import pytest

from house import House
from spike_core.domain.errors import IllegalTransition
from spike_core.domain.jobs import CancelledJob, CompletedJob, FailedJob
from spike_core.domain.tiers import Tier


def test_free_jobs_go_all_the_ways_of_paid_ones(house: House) -> None:
    """Lesson 8: where a price of nothing counted as no price at all, batches, cancellations and sweeps broke."""
    owner = house.owner(tokens=0)
    album = house.album(owner, auto_enhance=False)
    images = [house.upload(owner, album_id=album.id).image.id for _ in range(3)]
    batch = house.enhancements.enhance_batch(owner, image_ids=images, tier=Tier.FREE)
    cancelled, swept, done = (job.id for job in batch.jobs)
    assert house.cancellation.cancel(owner, cancelled).refunded.amount == 0
    house.inbox.messages.clear()
    for _ in range(house.limits.deaths_max):
        house.settlement.claim(swept)
        house.pass_time(house.limits.lease + timedelta(seconds=1))
        house.sweep.repair()
    house.inbox.send(done)
    house.work()
    assert [type(house.job(id_)) for id_ in (cancelled, swept, done)] == [CancelledJob, FailedJob, CompletedJob]
    assert [kind for kind, _ in house.story(owner) if kind != "EARN_REGENERATION"] == []
    assert house.findings() == []


def test_each_job_of_a_batch_is_paid_back_once_whoever_ends_it_and_however_often(house: House) -> None:
    """Lesson 5: refunds named no job, so the batch, its children and the sweeper each gave the same tokens back."""
    owner = house.owner(tokens=20)
    album = house.album(owner, auto_enhance=False)
    images = [house.upload(owner, album_id=album.id).image for _ in range(4)]
    batch = house.enhancements.enhance_batch(owner, image_ids=[image.id for image in images], tier=Tier.TIER_2K)
    cancelled, failed, deleted, done = batch.jobs
    assert house.balance(owner) == 0
    house.blobs.delete([images[1].original])
    house.cancellation.cancel(owner, cancelled.id)
    with pytest.raises(IllegalTransition):
        house.cancellation.cancel(owner, cancelled.id)
    house.removal.remove(owner, images[2].id)
    for job in (cancelled, failed, deleted, done):
        house.inbox.send(job.id)  # each a second time
    house.come_to_rest()
    house.sweep.repair_after_restart()
    house.removal.finish_pending()
    assert isinstance(house.job(done.id), CompletedJob)
    assert house.story(owner).count(("REFUND", 5)) == 3
    with house.transactions.view() as tx:
        entries = tx.census.entries_of([cancelled.id, failed.id, deleted.id, done.id])
    refunded = [entry.job_id for entry in entries if entry.amount > 0]
    assert sorted(map(str, refunded)) == sorted(map(str, [cancelled.id, failed.id, deleted.id]))
