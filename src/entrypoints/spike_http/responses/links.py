"""Responses with links to files."""

from datetime import datetime

from attrs import frozen

from spike_core.domain.identifiers import ImageId, JobId, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.jobs import CompletedJob
from spike_core.services.described_objects import DescribedObject
from spike_core.services.object_access import LinkedObjects
from spike_http.responses.urls import UrlBuilder, thumbhash_of


@frozen(kw_only=True)
class ImageLinksView:
    """The current URLs of an image."""

    id: ImageId
    original_url: str
    thumbnail_url: str | None  # null until it is made
    preview_url: str | None
    thumbhash: str | None

    @classmethod
    def of(cls, image: Image, url: str, urls: UrlBuilder) -> "ImageLinksView":
        """Return the view of an image whose original has this URL."""
        return cls(
            id=image.id,
            original_url=url,
            thumbnail_url=urls.of_thumbnail(image.renditions, image),
            preview_url=urls.of_preview(image.renditions, image),
            thumbhash=thumbhash_of(image.renditions),
        )


@frozen(kw_only=True)
class ResultLinksView:
    """The current URL of a job's result."""

    id: JobId
    image_id: ImageId | None  # null if the job has no image
    enhanced_url: str
    thumbnail_url: str | None  # null until it is made
    preview_url: str | None
    thumbhash: str | None

    @classmethod
    def of(cls, job: CompletedJob, image: Image | None, url: str, urls: UrlBuilder) -> "ResultLinksView":
        """Return the view of a job whose result has this URL."""
        renditions = job.result.renditions
        return cls(
            id=job.id,
            image_id=job.spec.image_id,
            enhanced_url=url,
            thumbnail_url=urls.of_thumbnail(renditions, image),
            preview_url=urls.of_preview(renditions, image),
            thumbhash=thumbhash_of(renditions),
        )


@frozen(kw_only=True)
class LinksView:
    """The answer to `POST /api/images/links`."""

    success: bool = True
    images: list[ImageLinksView]
    jobs: list[ResultLinksView]
    url_expires_at: datetime | None

    @classmethod
    def of(cls, linked: LinkedObjects, urls: UrlBuilder, *, viewer: OwnerId | None) -> "LinksView":
        """Return the view of the current URLs, for this viewer."""
        return cls(
            images=[ImageLinksView.of(image, urls.of_original(image, viewer=viewer), urls) for image in linked.images],
            jobs=[
                ResultLinksView.of(job, image, urls.of(job.result.key, image), urls) for job, image in linked.results
            ],
            url_expires_at=urls.expires_at,
        )

    @classmethod
    def of_attachments(cls, linked: LinkedObjects, urls: UrlBuilder, *, viewer: OwnerId | None) -> "LinksView":
        """Return the view of URLs that browsers save instead of showing them."""
        images = []
        for image in linked.images:
            key = image.original if viewer == image.owner_id else image.shown
            name = DescribedObject.of_image(key, image).file_name
            images.append(ImageLinksView.of(image, urls.of_attachment(key, image, name=name), urls))
        jobs = []
        for job, source in linked.results:
            name = DescribedObject.of_job(job.result.key, job, source).file_name
            url = urls.of_attachment(job.result.key, source, name=name)
            jobs.append(ResultLinksView.of(job, source, url, urls))
        return cls(images=images, jobs=jobs, url_expires_at=urls.expires_at)
