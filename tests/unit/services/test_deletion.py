"""Deleting images: refunds, then objects, then rows, with failures at each step."""

import io
import logging
from collections.abc import Collection
from datetime import timedelta

import pytest

from faults import FaultyBlobStore, FaultyTransactions, database_fails, pass_by
from services import VGA, Services
from spike_contracts.builders import a_job_id, an_image_id, an_owner
from spike_core.domain.errors import DatabaseUnavailable, Forbidden, ImageNotFound, StorageUnavailable
from spike_core.domain.identifiers import ANONYMOUS
from spike_core.domain.images import Image, ImageName
from spike_core.domain.jobs import CompletedJob, JobSpec, PendingJob
from spike_core.domain.objects import ObjectKey
from spike_core.domain.orders import TaskKind
from spike_core.domain.tasks import Enhancement
from spike_core.domain.tiers import Tier
from spike_core.services.deletion import FinishedDeletions
from spike_core.services.ingest import InlineImage
from spike_core.services.pricing import Pricing
from spike_memory import ManualClock, MemoryBlobStore, MemoryTransactions
from spike_memory.engine import a_picture

WEEK = timedelta(days=7)
SIZE = VGA


def check_gone(services: Services) -> None:
    inventory = services.inventory()
    assert (inventory.images, inventory.jobs, inventory.objects, inventory.messages) == (
        {},
        {},
        frozenset(),
        frozenset(),
    )
    assert services.findings() == []


def test_an_image_goes_with_its_jobs_and_all_their_objects(services: Services) -> None:
    owner = services.owner()
    image = services.upload(owner).image
    services.jobs.enhancements.enhance(
        owner, image_id=image.id, tier=Tier.TIER_2K, source=InlineImage(content=io.BytesIO(a_picture(SIZE)))
    )
    services.work()
    assert len(services.inventory().objects) == 4
    services.images.deletion.remove(owner, image.id)
    check_gone(services)
    assert services.balance(owner) == 93


def test_jobs_that_havent_ended_are_refunded(services: Services) -> None:
    owner = services.owner()
    image = services.upload(owner).image
    claimed = services.jobs.transitions.claim(services.inbox.messages.popleft())
    services.jobs.enhancements.enhance(owner, image_id=image.id, tier=Tier.TIER_4K)
    services.jobs.enhancements.enhance(owner, image_id=image.id, tier=Tier.FREE)
    services.images.deletion.remove(owner, image.id)
    check_gone(services)
    assert services.balance(owner) == 100
    services.jobs.runner.run(claimed)
    services.work()
    check_gone(services)


def test_a_result_that_is_delivered_first_goes_too(services: Services) -> None:
    owner = services.owner()
    image = services.upload(owner).image
    services.work()
    [job] = services.inventory().jobs.values()
    assert isinstance(job, CompletedJob)
    services.images.deletion.remove(owner, image.id)
    check_gone(services)
    assert services.balance(owner) == 98


def test_somebody_elses_image_stays(services: Services) -> None:
    image = services.upload(services.owner()).image
    before = services.inventory()
    with pytest.raises(Forbidden):
        services.images.deletion.remove(services.owner("bob@example.org"), image.id)
    assert services.inventory().images == before.images
    with pytest.raises(ImageNotFound):
        services.images.deletion.remove(an_owner(), an_image_id())


def test_what_is_gone_cant_be_removed_again(services: Services) -> None:
    owner = services.owner()
    image = services.upload(owner).image
    services.images.deletion.remove(owner, image.id)
    with pytest.raises(ImageNotFound):
        services.images.deletion.remove(owner, image.id)


@pytest.mark.parametrize("finisher", ["owner", "sweeper"])
def test_an_object_that_cant_be_deleted_is_deleted_later(finisher: str) -> None:
    """The rows stay until then, as a record of the objects; the refund is immediate."""
    clock = ManualClock()
    blobs = FaultyBlobStore(MemoryBlobStore(clock))
    services = Services.build(clock=clock, blobs=blobs)
    owner = services.owner()
    image = services.upload(owner).image
    blobs.failing.add("delete")
    with pytest.raises(StorageUnavailable):
        services.images.deletion.remove(owner, image.id)
    assert services.balance(owner) == 100
    with pytest.raises(ImageNotFound):
        services.queries.image(image.id, viewer=owner)
    assert len(services.inventory().jobs) == 1
    assert services.findings() == []
    blobs.failing.clear()
    if finisher == "owner":
        services.images.deletion.remove(owner, image.id)
    else:
        assert services.images.deletion.finish_pending().finished == 1
    check_gone(services)
    assert services.images.deletion.finish_pending().finished == 0


def test_several_images_are_deleted_by_one_call_of_the_store_and_wait_for_it_together() -> None:
    """A store that is away takes a time-out for each call."""
    blobs = FaultyBlobStore(MemoryBlobStore(clock := ManualClock()))
    services = Services.build(clock=clock, blobs=blobs)
    owner = services.owner()
    ids = [services.upload(owner).image.id for _ in range(3)]
    blobs.failing.add("delete")
    assert services.images.deletion.remove_all(owner, ids).hidden == ids
    assert blobs.calls.count("delete") == 1
    assert services.balance(owner) == 100
    with pytest.raises(ImageNotFound):
        services.queries.image(ids[2], viewer=owner)
    blobs.failing.clear()
    assert services.images.deletion.remove_all(owner, ids).deleted == ids
    assert blobs.calls.count("delete") == 2
    assert services.balance(owner) == 100
    check_gone(services)


class StickingBlobStore(FaultyBlobStore):
    """Can't delete some objects, as where a file is immutable or a bucket's policy holds it."""

    def __init__(self, blobs: MemoryBlobStore) -> None:
        """Delete everything yet."""
        super().__init__(blobs)
        self.sticking: set[ObjectKey] = set()

    def delete(self, keys: Collection[ObjectKey]) -> None:
        """Delete objects, unless one of them can't be."""
        if self.sticking & set(keys):
            self.calls.append("sticks")
            raise StorageUnavailable
        super().delete(keys)


def test_an_object_that_cant_be_deleted_delays_no_other_and_is_tried_again_after_growing_pauses(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr("spike_core.services.deletion.DELETIONS_BATCH", 2)
    blobs = StickingBlobStore(MemoryBlobStore(clock := ManualClock()))
    services = Services.build(clock=clock, blobs=blobs)
    owner = services.owner()
    images = [services.upload(owner).image for _ in range(6)]
    blobs.sticking = {image.original for image in images[:3]}  # more than a batch, and the first
    with services.transactions.begin() as tx:
        for image in images:
            tx.images.begin_deletion(image.id, now=clock.now())
    assert services.images.deletion.finish_pending() == FinishedDeletions(finished=3, postponed=3)
    assert str(images[0].id) in caplog.text
    tries = []
    for hour in range(96):
        before = blobs.calls.count("sticks")
        assert services.images.deletion.finish_pending().finished == 0
        tries += [hour] * (blobs.calls.count("sticks") - before)
        clock.advance(timedelta(hours=1))
    assert tries == [hour for hour in (1, 2, 3, 5, 9, 17, 33, 57, 81) for _ in images[:3]]
    blobs.sticking.clear()
    clock.advance(timedelta(days=1))
    assert services.images.deletion.finish_pending() == FinishedDeletions(finished=3, postponed=0)
    check_gone(services)


def test_however_many_cant_be_deleted_a_newer_deletion_doesnt_wait_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spike_core.services.deletion.DELETIONS_BATCH", 2)
    monkeypatch.setattr("spike_core.services.deletion.RETRIES_MAX", 2)
    blobs = StickingBlobStore(MemoryBlobStore(clock := ManualClock()))
    services = Services.build(clock=clock, blobs=blobs)
    owner = services.owner()

    def hidden() -> Image:
        image = services.upload(owner).image
        with services.transactions.begin() as tx:
            tx.images.begin_deletion(image.id, now=clock.now())
        return image

    blobs.sticking = {hidden().original for _ in range(5)}
    assert services.images.deletion.finish_pending() == FinishedDeletions(finished=0, postponed=5)
    clock.advance(timedelta(days=1))
    hidden()
    assert services.images.deletion.finish_pending() == FinishedDeletions(finished=1, postponed=3)
    assert services.images.deletion.finish_pending() == FinishedDeletions(finished=0, postponed=2)
    assert services.images.deletion.finish_pending() == FinishedDeletions(finished=0, postponed=0)


def test_a_store_that_is_away_postpones_no_deletion() -> None:
    """It isn't asked for each image: each question may take a time-out."""
    blobs = FaultyBlobStore(MemoryBlobStore(clock := ManualClock()))
    services = Services.build(clock=clock, blobs=blobs)
    owner = services.owner()
    images = [services.upload(owner).image for _ in range(3)]
    with services.transactions.begin() as tx:
        for image in images:
            tx.images.begin_deletion(image.id, now=clock.now())
    blobs.failing |= {"delete", "find"}
    with pytest.raises(StorageUnavailable):
        services.images.deletion.finish_pending()
    assert blobs.calls.count("delete") == 1
    blobs.failing.clear()
    assert services.images.deletion.finish_pending() == FinishedDeletions(finished=3, postponed=0)


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("moment", ["before_begin", "before_commit", "after_commit"])
def test_a_database_that_fails_at_any_step_loses_and_doubles_nothing(moment: str, step: int) -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    services = Services.build(transactions=transactions)
    owner = services.owner()
    image = services.upload(owner).image
    getattr(transactions, moment).extend([pass_by] * step + [database_fails])
    with pytest.raises(DatabaseUnavailable):
        services.images.deletion.remove(owner, image.id)
    for plan in (transactions.before_begin, transactions.before_commit, transactions.after_commit):
        plan.clear()
    services.come_to_rest()
    assert services.findings() == []
    services.images.deletion.finish_pending()
    assert services.findings() == []
    if moment == "before_commit" and step == 0:
        assert services.queries.image(image.id, viewer=owner).image == image
    else:
        assert services.balance(owner) in {98, 100}


def test_a_job_that_came_in_between_is_refunded_too(services: Services) -> None:
    owner = services.owner()
    image = services.upload(owner).image
    services.work()
    with services.transactions.begin() as tx:
        now = services.clock.now()
        tx.images.begin_deletion(image.id, now=now)
        spec = JobSpec.of(
            Enhancement(image_id=image.id),
            Pricing().quote(Tier.TIER_2K, TaskKind.ENHANCEMENT, owner_id=owner),
            id_=a_job_id(),
            owner_id=owner,
            request_id=None,
            now=now,
        )
        [late] = services.jobs.cancellation.billing.accept(tx, [spec], owner_id=owner, now=now).jobs
    assert isinstance(late, PendingJob)
    assert services.balance(owner) == 93
    services.images.deletion.finish_pending()
    check_gone(services)
    assert services.balance(owner) == 98


def test_anonymous_images_expire_with_all_that_was_made_of_them(services: Services) -> None:
    old = services.images.uploads.upload_anonymously(name=ImageName("a.jpg"), content=io.BytesIO(a_picture(SIZE)))
    owned = services.upload(services.owner()).image
    services.jobs.enhancements.blend_anonymously(old.id, source=InlineImage(content=io.BytesIO(a_picture(SIZE))))
    services.work()
    services.pass_time(WEEK)
    young = services.images.uploads.upload_anonymously(name=ImageName("b.jpg"), content=io.BytesIO(a_picture(SIZE)))
    services.jobs.enhancements.blend_anonymously(young.id, source=old.id)
    assert services.images.deletion.expire_anonymous(retention=WEEK) == 0
    services.pass_time(timedelta(seconds=1))
    assert services.images.deletion.expire_anonymous(retention=WEEK) == 1
    services.come_to_rest()
    inventory = services.inventory()
    assert set(inventory.images) == {owned.id, young.id}
    assert all(job.spec.image_id != old.id for job in inventory.jobs.values())
    assert services.findings() == []
    assert {image.owner_id for image in inventory.images.values()} == {ANONYMOUS, owned.owner_id}


def test_an_expired_image_with_a_job_under_way_is_removed(services: Services) -> None:
    old = services.images.uploads.upload_anonymously(name=ImageName("a.jpg"), content=io.BytesIO(a_picture(SIZE)))
    services.jobs.enhancements.blend_anonymously(old.id, source=InlineImage(content=io.BytesIO(a_picture(SIZE))))
    services.pass_time(WEEK + timedelta(seconds=1))
    services.images.deletion.expire_anonymous(retention=WEEK)
    services.work()
    check_gone(services)


def test_more_than_a_batch_expires_and_is_finished_in_one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """One process does this for all; no other one deletes the rest."""
    monkeypatch.setattr("spike_core.services.deletion.DELETIONS_BATCH", 2)
    clock = ManualClock()
    blobs = FaultyBlobStore(MemoryBlobStore(clock))
    services = Services.build(clock=clock, blobs=blobs)
    owner = services.owner()
    blobs.failing.add("delete")
    for _ in range(5):
        image = services.upload(owner).image
        with pytest.raises(StorageUnavailable):
            services.images.deletion.remove(owner, image.id)
    blobs.failing.clear()
    assert services.images.deletion.finish_pending().finished == 5
    for _ in range(5):
        services.images.uploads.upload_anonymously(name=ImageName("a.jpg"), content=io.BytesIO(a_picture(SIZE)))
    services.pass_time(2 * WEEK)
    assert services.images.deletion.expire_anonymous(retention=WEEK) == 5
    check_gone(services)
