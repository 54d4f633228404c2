"""Zero is a price like any other, and each job is refunded at most once."""

from datetime import timedelta

import pytest

from services import Services
from spike_core.domain.errors import IllegalTransition
from spike_core.domain.jobs import CancelledJob, CompletedJob, FailedJob
from spike_core.domain.priorities import Priority
from spike_core.domain.tiers import Tier


def test_free_jobs_go_all_the_ways_of_paid_ones(services: Services) -> None:
    """Lesson 8: where a price of zero was taken for a missing price, batches, cancellations and sweeps broke."""
    owner = services.owner(tokens=0)
    album = services.album(owner, auto_enhance=False)
    images = [services.upload(owner, album_id=album.id).image.id for _ in range(3)]
    batch = services.jobs.enhancements.enhance_batch(owner, image_ids=images, tier=Tier.FREE)
    cancelled, swept, done = (job.id for job in batch.jobs)
    assert services.jobs.cancellation.cancel(owner, cancelled).refunded.amount == 0
    services.inbox.messages.clear()
    for _ in range(services.limits.crashes_max):
        services.jobs.transitions.claim(swept)
        services.pass_time(services.limits.lease + timedelta(seconds=1))
        services.maintenance.recovery.repair()
    services.inbox.send(done, priority=Priority.HIGH)
    services.work()
    assert [type(services.job(id_)) for id_ in (cancelled, swept, done)] == [CancelledJob, FailedJob, CompletedJob]
    assert [kind for kind, _ in services.story(owner) if kind != "EARN_REGENERATION"] == []
    assert services.findings() == []


def test_each_job_of_a_batch_is_paid_back_once_whoever_ends_it_and_however_often(services: Services) -> None:
    """Lesson 5: refunds named no job, so the batch, its jobs and the sweeper each returned the same tokens."""
    owner = services.owner(tokens=20)
    album = services.album(owner, auto_enhance=False)
    images = [services.upload(owner, album_id=album.id).image for _ in range(4)]
    batch = services.jobs.enhancements.enhance_batch(owner, image_ids=[image.id for image in images], tier=Tier.TIER_2K)
    cancelled, failed, deleted, done = batch.jobs
    assert services.balance(owner) == 0
    services.blobs.delete([images[1].original])
    services.jobs.cancellation.cancel(owner, cancelled.id)
    with pytest.raises(IllegalTransition):
        services.jobs.cancellation.cancel(owner, cancelled.id)
    services.images.deletion.remove(owner, images[2].id)
    for job in (cancelled, failed, deleted, done):
        services.inbox.send(job.id, priority=Priority.HIGH)  # each a second time
    services.come_to_rest()
    services.maintenance.recovery.repair_after_restart()
    services.images.deletion.finish_pending()
    assert isinstance(services.job(done.id), CompletedJob)
    assert services.story(owner).count(("REFUND", 5)) == 3
    with services.transactions.view() as tx:
        entries = tx.audit.entries_of([cancelled.id, failed.id, deleted.id, done.id])
    refunded = [entry.job_id for entry in entries if entry.amount > 0]
    assert sorted(map(str, refunded)) == sorted(map(str, [cancelled.id, failed.id, deleted.id]))
