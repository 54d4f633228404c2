import pytest

from services import Services
from spike_contracts.builders import a_job_id, an_image_id
from spike_core.domain.errors import NotFound
from spike_core.domain.jobs import CompletedJob
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.tiers import Tier


def test_objects_of_a_public_image_are_for_everybody(services: Services) -> None:
    owner = services.owner()
    image = services.publish(owner)
    job = services.jobs.enhancements.enhance(owner, image_id=image.id, tier=Tier.FREE).job
    services.work()
    done = services.job(job.id)
    assert isinstance(done, CompletedJob)
    services.objects.check_public(image.original)
    services.objects.check_public(done.result.key)
    assert services.inventory().objects == {image.original, done.result.key}


def test_objects_of_a_private_image_are_not(services: Services) -> None:
    job = services.accept(services.owner())
    services.work()
    for key in services.inventory().objects:
        with pytest.raises(NotFound):
            services.objects.check_public(key)
    assert isinstance(services.job(job.id), CompletedJob)


def test_objects_that_no_row_names_are_not_public(services: Services) -> None:
    """Neither another format or attempt of a public object, nor the result of an unsettled job."""
    owner = services.owner()
    image = services.publish(owner)
    job = services.jobs.enhancements.enhance(owner, image_id=image.id, tier=Tier.FREE).job
    keys = [
        ObjectKey.of_original(image.id, PictureFormat.PNG),
        ObjectKey.of_original(an_image_id(), PictureFormat.JPEG),
        ObjectKey.of_result(job.id, PictureFormat.JPEG, attempt=1),
        ObjectKey.of_result(job.id, PictureFormat.JPEG, attempt=2),
        ObjectKey.of_result(a_job_id(), PictureFormat.JPEG, attempt=1),
    ]
    for key in keys:
        with pytest.raises(NotFound):
            services.objects.check_public(key)
