from datetime import timedelta

import pytest

from faults import FaultyTransactions, database_fails
from services import Services
from spike_contracts.builders import a_job_id, an_image_id, an_owner, image_id_of
from spike_core.domain.errors import (
    Forbidden,
    ImageNotFound,
    JobNotFound,
    SpikeError,
    Unauthenticated,
)
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.jobs import JobStatus
from spike_core.domain.tiers import Tier
from spike_memory import MemoryTransactions


def test_an_owner_sees_a_private_image_with_its_jobs_oldest_first(services: Services) -> None:
    owner = services.owner()
    image = services.upload(owner).image
    for tier in (Tier.TIER_4K, Tier.FREE):
        services.pass_time(timedelta(seconds=1))
        services.jobs.enhancements.enhance(owner, image_id=image.id, tier=tier)
    shown = services.queries.image(image.id, viewer=owner)
    assert shown.image == image
    assert [job.spec.tier for job in shown.jobs] == [Tier.TIER_1K, Tier.TIER_4K, Tier.FREE]


def test_an_image_shows_its_own_jobs_only(services: Services) -> None:
    owner = services.owner()
    image = services.upload(owner).image
    services.upload(owner)
    assert len(services.queries.image(image.id, viewer=owner).jobs) == 1


@pytest.mark.parametrize(("viewer", "refusal"), [(None, Unauthenticated), (an_owner(), Forbidden)])
def test_a_private_image_is_nobody_elses_business(
    services: Services, viewer: OwnerId | None, refusal: type[SpikeError]
) -> None:
    image = services.upload(services.owner()).image
    before = services.inventory()
    with pytest.raises(refusal):
        services.queries.image(image.id, viewer=viewer)
    services.check_nothing_but_time_passed(before)


@pytest.mark.parametrize("viewer", [None, an_owner()])
def test_an_unknown_image_is_not_found_by_anybody(services: Services, viewer: OwnerId | None) -> None:
    with pytest.raises(ImageNotFound):
        services.queries.image(an_image_id(), viewer=viewer)


def test_everybody_sees_a_public_image_and_only_others_are_counted(services: Services) -> None:
    owner = services.owner()
    image = services.publish(owner)
    for viewer in (None, an_owner(), owner, None, owner):
        assert services.queries.image(image.id, viewer=viewer).image.id == image.id
    assert services.queries.image(image.id, viewer=owner).image.view_count == 3


def test_a_look_that_cannot_be_counted_is_shown_all_the_same() -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    services = Services.build(transactions=transactions)
    image = services.publish(services.owner())
    transactions.before_begin.append(database_fails)
    assert services.queries.image(image.id, viewer=None).image == image


def test_an_owners_looks_change_nothing(services: Services) -> None:
    owner = services.owner()
    image = services.upload(owner).image
    before = services.inventory()
    services.queries.image(image.id, viewer=owner)
    services.check_nothing_but_time_passed(before)


def test_waiting_jobs_have_places_in_the_queue_and_all_owners_jobs_count(services: Services) -> None:
    owner, other = services.owner(), services.owner("eve@example.org")
    jobs = []
    for uploader in (owner, other, owner):
        jobs.append(services.accept(uploader))
        services.pass_time(timedelta(seconds=1))
    first, foreign, last = jobs
    assert services.queries.job(first.id, viewer=owner).position == 1
    assert services.queries.job(foreign.id, viewer=other).position == 2
    assert services.queries.job(last.id, viewer=owner).position == 3
    services.jobs.transitions.claim(first.id)
    assert services.queries.job(first.id, viewer=owner).position is None
    assert services.queries.job(last.id, viewer=owner).position == 2
    shown = services.queries.image(image_id_of(last), viewer=owner)
    assert shown.positions == {last.id: 2}


def test_jobs_that_have_ended_have_no_place(services: Services) -> None:
    owner = services.owner()
    job = services.accept(owner)
    services.work()
    assert services.queries.job(job.id, viewer=owner).position is None
    assert services.queries.image(image_id_of(job), viewer=owner).positions == {}


def test_a_job_is_shown_with_its_image_to_its_owner(services: Services) -> None:
    owner = services.owner()
    uploaded = services.upload(owner)
    assert uploaded.job is not None
    services.work()
    shown = services.queries.job(uploaded.job.id, viewer=owner)
    assert shown.image == uploaded.image
    assert shown.job.status is JobStatus.COMPLETED


def test_somebody_elses_job_is_not_there_even_on_a_public_image(services: Services) -> None:
    owner = services.owner()
    job = services.jobs.enhancements.enhance(owner, image_id=services.publish(owner).id, tier=Tier.FREE).job
    for job_id in (job.id, a_job_id()):
        with pytest.raises(JobNotFound):
            services.queries.job(job_id, viewer=an_owner())
