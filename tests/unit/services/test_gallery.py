from datetime import timedelta

import pytest

from faults import FaultyTransactions, database_fails
from house import House
from spike_contracts.builders import a_job_id, an_image_id, an_owner, image_id_of
from spike_core.domain.errors import (
    Forbidden,
    ImageNotFound,
    JobNotFound,
    NotFound,
    SpikeError,
    Unauthenticated,
)
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.jobs import CompletedJob, JobStatus
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.tiers import Tier
from spike_memory import MemoryTransactions


def test_an_owner_sees_a_private_image_with_its_jobs_oldest_first(house: House) -> None:
    owner = house.owner()
    image = house.upload(owner).image
    for tier in (Tier.TIER_4K, Tier.FREE):
        house.pass_time(timedelta(seconds=1))
        house.enhancements.enhance(owner, image_id=image.id, tier=tier)
    shown = house.gallery.image(image.id, viewer=owner)
    assert shown.image == image
    assert [job.order.tier for job in shown.jobs] == [Tier.TIER_1K, Tier.TIER_4K, Tier.FREE]


def test_an_image_shows_its_own_jobs_only(house: House) -> None:
    owner = house.owner()
    image = house.upload(owner).image
    house.upload(owner)
    assert len(house.gallery.image(image.id, viewer=owner).jobs) == 1


@pytest.mark.parametrize(("viewer", "refusal"), [(None, Unauthenticated), (an_owner(), Forbidden)])
def test_a_private_image_is_nobody_elses_business(
    house: House, viewer: OwnerId | None, refusal: type[SpikeError]
) -> None:
    image = house.upload(house.owner()).image
    before = house.inventory()
    with pytest.raises(refusal):
        house.gallery.image(image.id, viewer=viewer)
    house.check_nothing_but_time_passed(before)


@pytest.mark.parametrize("viewer", [None, an_owner()])
def test_an_unknown_image_is_not_found_by_anybody(house: House, viewer: OwnerId | None) -> None:
    with pytest.raises(ImageNotFound):
        house.gallery.image(an_image_id(), viewer=viewer)


def test_everybody_sees_a_public_image_and_only_others_are_counted(house: House) -> None:
    owner = house.owner()
    image = house.publish(owner)
    for viewer in (None, an_owner(), owner, None, owner):
        assert house.gallery.image(image.id, viewer=viewer).image.id == image.id
    assert house.gallery.image(image.id, viewer=owner).image.view_count == 3


def test_a_look_that_cannot_be_counted_is_shown_all_the_same() -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    house = House.build(transactions=transactions)
    image = house.publish(house.owner())
    transactions.before_begin.append(database_fails)
    assert house.gallery.image(image.id, viewer=None).image == image


def test_an_owners_looks_change_nothing(house: House) -> None:
    owner = house.owner()
    image = house.upload(owner).image
    before = house.inventory()
    house.gallery.image(image.id, viewer=owner)
    house.check_nothing_but_time_passed(before)


def test_waiting_jobs_have_places_in_the_queue_and_all_owners_jobs_count(house: House) -> None:
    owner, other = house.owner(), house.owner("eve@example.org")
    jobs = []
    for uploader in (owner, other, owner):
        jobs.append(house.accept(uploader))
        house.pass_time(timedelta(seconds=1))
    first, foreign, last = jobs
    assert house.gallery.job(first.id, viewer=owner).position == 1
    assert house.gallery.job(foreign.id, viewer=other).position == 2
    assert house.gallery.job(last.id, viewer=owner).position == 3
    house.settlement.claim(first.id)
    assert house.gallery.job(first.id, viewer=owner).position is None
    assert house.gallery.job(last.id, viewer=owner).position == 2
    shown = house.gallery.image(image_id_of(last), viewer=owner)
    assert shown.positions == {last.id: 2}


def test_jobs_that_have_ended_have_no_place(house: House) -> None:
    owner = house.owner()
    job = house.accept(owner)
    house.work()
    assert house.gallery.job(job.id, viewer=owner).position is None
    assert house.gallery.image(image_id_of(job), viewer=owner).positions == {}


def test_a_job_is_shown_with_its_image_to_its_owner(house: House) -> None:
    owner = house.owner()
    uploaded = house.upload(owner)
    assert uploaded.job is not None
    house.work()
    shown = house.gallery.job(uploaded.job.id, viewer=owner)
    assert shown.image == uploaded.image
    assert shown.job.status is JobStatus.COMPLETED


def test_somebody_elses_job_is_not_there_even_on_a_public_image(house: House) -> None:
    owner = house.owner()
    job = house.enhancements.enhance(owner, image_id=house.publish(owner).id, tier=Tier.FREE).job
    for job_id in (job.id, a_job_id()):
        with pytest.raises(JobNotFound):
            house.gallery.job(job_id, viewer=an_owner())


def test_objects_of_a_public_image_are_for_everybody(house: House) -> None:
    owner = house.owner()
    image = house.publish(owner)
    job = house.enhancements.enhance(owner, image_id=image.id, tier=Tier.FREE).job
    house.work()
    done = house.job(job.id)
    assert isinstance(done, CompletedJob)
    house.gallery.check_public(image.original)
    house.gallery.check_public(done.result.key)
    assert house.inventory().objects == {image.original, done.result.key}


def test_objects_of_a_private_image_are_not(house: House) -> None:
    job = house.accept(house.owner())
    house.work()
    for key in house.inventory().objects:
        with pytest.raises(NotFound):
            house.gallery.check_public(key)
    assert isinstance(house.job(job.id), CompletedJob)


def test_objects_that_no_row_names_are_not_public(house: House) -> None:
    """Neither another format or attempt of a public one, nor the result of a job that goes on."""
    owner = house.owner()
    image = house.publish(owner)
    job = house.enhancements.enhance(owner, image_id=image.id, tier=Tier.FREE).job
    keys = [
        ObjectKey.of_original(image.id, PictureFormat.PNG),
        ObjectKey.of_original(an_image_id(), PictureFormat.JPEG),
        ObjectKey.of_result(job.id, PictureFormat.JPEG, attempt=1),
        ObjectKey.of_result(job.id, PictureFormat.JPEG, attempt=2),
        ObjectKey.of_result(a_job_id(), PictureFormat.JPEG, attempt=1),
    ]
    for key in keys:
        with pytest.raises(NotFound):
            house.gallery.check_public(key)
