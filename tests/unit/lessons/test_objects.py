"""Each job has an object of its own, and no job touches the original."""

from services import Services
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.jobs import CompletedJob
from spike_core.domain.tiers import Tier
from spike_memory.engine import a_picture

PAID = [Tier.TIER_1K, Tier.TIER_2K, Tier.TIER_4K]


def test_tiers_of_one_image_do_not_overwrite_each_other(services: Services) -> None:
    """Lesson 1: results were named after their image, so of three tiers only the last to finish remained."""
    owner = services.owner()
    image = services.upload(owner).image
    services.jobs.enhancements.enhance_in_parallel(owner, image_id=image.id, tiers=PAID)
    services.jobs.enhancements.enhance(owner, image_id=image.id, tier=Tier.TIER_2K)
    services.work()
    jobs = [job for job in services.inventory().jobs.values() if isinstance(job, CompletedJob)]
    assert len({job.result.key for job in jobs}) == len(jobs) == 5
    for job in jobs:
        assert services.read(job.result.key) == a_picture(SPECIFIED[job.spec.tier].output_size(image.dimensions))


def test_an_original_stays_byte_for_byte_whatever_is_made_of_it(services: Services) -> None:
    """Lesson 14: processing overwrote the original, which was reduced or lost."""
    owner = services.owner()
    content = a_picture(size := services.upload(owner).image.dimensions)
    image = services.upload(owner, content=content).image
    services.jobs.enhancements.enhance_in_parallel(owner, image_id=image.id, tiers=PAID)
    services.jobs.enhancements.enhance(owner, image_id=image.id, tier=Tier.FREE, source=services.upload(owner).image.id)
    services.work()
    assert services.read(image.original) == content
    assert services.queries.image(image.id, viewer=owner).image.dimensions == size
    assert services.findings() == []
