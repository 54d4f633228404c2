"""Removing images: jobs refunded, then objects, then rows, whatever breaks between."""

import io
from datetime import timedelta

import pytest

from faults import FaultyBlobStore, FaultyTransactions, database_fails, pass_by
from house import VGA, House
from spike_contracts.builders import a_job_id, an_image_id, an_owner
from spike_core.domain.errors import DatabaseUnavailable, Forbidden, ImageNotFound, StorageUnavailable
from spike_core.domain.identifiers import ANONYMOUS
from spike_core.domain.images import ImageName
from spike_core.domain.jobs import CompletedJob, JobOrder, PendingJob
from spike_core.domain.tiers import Tier
from spike_core.services.intake import Offer
from spike_memory import ManualClock, MemoryBlobStore, MemoryTransactions
from spike_memory.engine import a_picture

WEEK = timedelta(days=7)
SIZE = VGA


def check_gone(house: House) -> None:
    inventory = house.inventory()
    assert (inventory.images, inventory.jobs, inventory.objects, inventory.messages) == (
        {},
        {},
        frozenset(),
        frozenset(),
    )
    assert house.findings() == []


def test_an_image_goes_with_its_jobs_and_all_their_objects(house: House) -> None:
    owner = house.owner()
    image = house.upload(owner).image
    house.enhancements.enhance(
        owner, image_id=image.id, tier=Tier.TIER_2K, source=Offer(content=io.BytesIO(a_picture(SIZE)))
    )
    house.work()
    assert len(house.inventory().objects) == 4
    house.removal.remove(owner, image.id)
    check_gone(house)
    assert house.balance(owner) == 93


def test_jobs_that_havent_ended_are_refunded(house: House) -> None:
    owner = house.owner()
    image = house.upload(owner).image
    claimed = house.settlement.claim(house.inbox.messages.popleft())
    house.enhancements.enhance(owner, image_id=image.id, tier=Tier.TIER_4K)
    house.enhancements.enhance(owner, image_id=image.id, tier=Tier.FREE)
    house.removal.remove(owner, image.id)
    check_gone(house)
    assert house.balance(owner) == 100
    house.workshop.carry_out(claimed)
    house.work()
    check_gone(house)


def test_a_result_that_is_delivered_first_goes_too(house: House) -> None:
    owner = house.owner()
    image = house.upload(owner).image
    house.work()
    [job] = house.inventory().jobs.values()
    assert isinstance(job, CompletedJob)
    house.removal.remove(owner, image.id)
    check_gone(house)
    assert house.balance(owner) == 98


def test_somebody_elses_image_stays(house: House) -> None:
    image = house.upload(house.owner()).image
    before = house.inventory()
    with pytest.raises(Forbidden):
        house.removal.remove(house.owner("bob@example.org"), image.id)
    assert house.inventory().images == before.images
    with pytest.raises(ImageNotFound):
        house.removal.remove(an_owner(), an_image_id())


def test_what_is_gone_cant_be_removed_again(house: House) -> None:
    owner = house.owner()
    image = house.upload(owner).image
    house.removal.remove(owner, image.id)
    with pytest.raises(ImageNotFound):
        house.removal.remove(owner, image.id)


@pytest.mark.parametrize("finisher", ["owner", "sweeper"])
def test_an_object_that_cant_be_deleted_is_deleted_later(finisher: str) -> None:
    """The rows stay until then, so that nobody forgets which objects there are; the money is back at once."""
    clock = ManualClock()
    blobs = FaultyBlobStore(MemoryBlobStore(clock))
    house = House.build(clock=clock, blobs=blobs)
    owner = house.owner()
    image = house.upload(owner).image
    blobs.failing.add("delete")
    with pytest.raises(StorageUnavailable):
        house.removal.remove(owner, image.id)
    assert house.balance(owner) == 100
    with pytest.raises(ImageNotFound):
        house.gallery.image(image.id, viewer=owner)
    assert len(house.inventory().jobs) == 1
    assert house.findings() == []
    blobs.failing.clear()
    if finisher == "owner":
        house.removal.remove(owner, image.id)
    else:
        assert house.removal.finish_pending() == 1
    check_gone(house)
    assert house.removal.finish_pending() == 0


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("moment", ["before_begin", "before_commit", "after_commit"])
def test_a_database_that_fails_at_any_step_loses_and_doubles_nothing(moment: str, step: int) -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    house = House.build(transactions=transactions)
    owner = house.owner()
    image = house.upload(owner).image
    getattr(transactions, moment).extend([pass_by] * step + [database_fails])
    with pytest.raises(DatabaseUnavailable):
        house.removal.remove(owner, image.id)
    for plan in (transactions.before_begin, transactions.before_commit, transactions.after_commit):
        plan.clear()
    house.come_to_rest()
    assert house.findings() == []
    house.removal.finish_pending()
    assert house.findings() == []
    if moment == "before_commit" and step == 0:
        assert house.gallery.image(image.id, viewer=owner).image == image
    else:
        assert house.balance(owner) in {98, 100}


def test_a_job_that_came_in_between_is_refunded_too(house: House) -> None:
    owner = house.owner()
    image = house.upload(owner).image
    house.work()
    with house.transactions.begin() as tx:
        now = house.clock.now()
        tx.removals.begin(image.id, now=now)
        order = JobOrder.on(image, Tier.TIER_2K, id_=a_job_id(), request_id=None, now=now)
        [late] = house.cancellation.charging.accept(tx, [order], owner_id=owner, now=now).jobs
    assert isinstance(late, PendingJob)
    assert house.balance(owner) == 93
    house.removal.finish_pending()
    check_gone(house)
    assert house.balance(owner) == 98


def test_anonymous_images_expire_with_all_that_was_made_of_them(house: House) -> None:
    old = house.uploads.upload_anonymously(name=ImageName("a.jpg"), content=io.BytesIO(a_picture(SIZE)))
    owned = house.upload(house.owner()).image
    house.enhancements.mix(old.id, source=Offer(content=io.BytesIO(a_picture(SIZE))))
    house.work()
    house.pass_time(WEEK)
    young = house.uploads.upload_anonymously(name=ImageName("b.jpg"), content=io.BytesIO(a_picture(SIZE)))
    house.enhancements.mix(young.id, source=old.id)
    assert house.removal.expire_anonymous(retention=WEEK) == 0
    house.pass_time(timedelta(seconds=1))
    assert house.removal.expire_anonymous(retention=WEEK) == 1
    house.come_to_rest()
    inventory = house.inventory()
    assert set(inventory.images) == {owned.id, young.id}
    assert all(job.order.image_id != old.id for job in inventory.jobs.values())
    assert house.findings() == []
    assert {image.owner_id for image in inventory.images.values()} == {ANONYMOUS, owned.owner_id}


def test_an_expired_image_with_a_job_under_way_is_removed(house: House) -> None:
    old = house.uploads.upload_anonymously(name=ImageName("a.jpg"), content=io.BytesIO(a_picture(SIZE)))
    house.enhancements.mix(old.id, source=Offer(content=io.BytesIO(a_picture(SIZE))))
    house.pass_time(WEEK + timedelta(seconds=1))
    house.removal.expire_anonymous(retention=WEEK)
    house.work()
    check_gone(house)


def test_more_than_a_batch_expires_and_is_finished_in_one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """One process does this for all: nobody else comes for the rest."""
    monkeypatch.setattr("spike_core.services.removal.REMOVALS_BATCH", 2)
    clock = ManualClock()
    blobs = FaultyBlobStore(MemoryBlobStore(clock))
    house = House.build(clock=clock, blobs=blobs)
    owner = house.owner()
    blobs.failing.add("delete")
    for _ in range(5):
        image = house.upload(owner).image
        with pytest.raises(StorageUnavailable):
            house.removal.remove(owner, image.id)
    blobs.failing.clear()
    assert house.removal.finish_pending() == 5
    for _ in range(5):
        house.uploads.upload_anonymously(name=ImageName("a.jpg"), content=io.BytesIO(a_picture(SIZE)))
    house.pass_time(2 * WEEK)
    assert house.removal.expire_anonymous(retention=WEEK) == 5
    check_gone(house)
