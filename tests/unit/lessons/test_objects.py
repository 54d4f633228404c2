"""Each job has an object of its own, and no job touches the original."""

from house import House
from spike_core.domain.jobs import CompletedJob
from spike_core.domain.tiers import Tier
from spike_memory.engine import a_picture

PAID = [Tier.TIER_1K, Tier.TIER_2K, Tier.TIER_4K]


def test_tiers_of_one_image_do_not_overwrite_each_other(house: House) -> None:
    """Lesson 1: results were named after their image, so that of three tiers the last to finish was left."""
    owner = house.owner()
    image = house.upload(owner).image
    house.enhancements.enhance_in_parallel(owner, image_id=image.id, tiers=PAID)
    house.enhancements.enhance(owner, image_id=image.id, tier=Tier.TIER_2K)
    house.work()
    jobs = [job for job in house.inventory().jobs.values() if isinstance(job, CompletedJob)]
    assert len({job.result.key for job in jobs}) == len(jobs) == 5
    for job in jobs:
        assert house.read(job.result.key) == a_picture(job.order.tier.output_size(image.dimensions))


def test_an_original_stays_byte_for_byte_whatever_is_made_of_it(house: House) -> None:
    """Lesson 14: processing wrote back to the original, which shrank or was gone."""
    owner = house.owner()
    content = a_picture(size := house.upload(owner).image.dimensions)
    image = house.upload(owner, content=content).image
    house.enhancements.enhance_in_parallel(owner, image_id=image.id, tiers=PAID)
    house.enhancements.enhance(owner, image_id=image.id, tier=Tier.FREE, source=house.upload(owner).image.id)
    house.work()
    assert house.read(image.original) == content
    assert house.gallery.image(image.id, viewer=owner).image.dimensions == size
    assert house.findings() == []
