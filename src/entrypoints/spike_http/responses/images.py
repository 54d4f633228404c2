"""Images in responses."""

from datetime import datetime

from attrs import asdict, frozen

from spike_core.domain.identifiers import ImageId, JobId, OwnerId
from spike_core.domain.image_lists import ImageOrder
from spike_core.domain.images import Image, ImageName
from spike_core.domain.jobs import CompletedJob
from spike_core.domain.objects import PictureFormat
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.services.albums import ShownAlbum
from spike_core.services.batch_uploads import KeptFile, RefusedFile, UploadedBatch
from spike_core.services.deletion import RemovedImages
from spike_core.services.described_objects import DescribedObject
from spike_core.services.image_lists import ListedPage
from spike_core.services.queries import ImagesPage, LinkedObjects, ShownImage
from spike_core.services.uploads import Uploaded
from spike_http.errors import FileErrorType, file_error
from spike_http.responses.jobs import JobView
from spike_http.responses.urls import UrlBuilder, thumbhash_of


@frozen(kw_only=True)
class UploadedImageView:
    """The image part of an upload's answer."""

    id: ImageId
    name: ImageName
    url: str
    thumbnail_url: str | None  # null until it is made
    preview_url: str | None
    width: int
    height: int
    thumbhash: str | None
    size: int
    format: PictureFormat
    duplicate_of: ImageId | None  # the owner's earliest image of the same bytes

    @classmethod
    def of(cls, uploaded: Uploaded, urls: UrlBuilder) -> "UploadedImageView":
        """Return the view of an image."""
        image = uploaded.image
        return cls(
            id=image.id,
            name=image.name,
            url=urls.of_original(image, viewer=image.owner_id),
            thumbnail_url=urls.of_thumbnail(image.renditions, image),
            preview_url=urls.of_preview(image.renditions, image),
            width=image.dimensions.width_px,
            height=image.dimensions.height_px,
            thumbhash=thumbhash_of(image.renditions),
            size=image.size_bytes,
            format=image.format,
            duplicate_of=uploaded.duplicate_of,
        )


@frozen(kw_only=True)
class StartedEnhancementView:
    """The enhancement part of an upload's answer."""

    job_id: JobId
    tier: Tier
    token_cost: Tokens
    new_balance: Tokens


@frozen(kw_only=True)
class UploadView:
    """The answer to an upload."""

    success: bool = True
    image: UploadedImageView
    enhancement: StartedEnhancementView | None

    @classmethod
    def of(cls, uploaded: Uploaded, urls: UrlBuilder) -> "UploadView":
        """Return the view of an upload."""
        enhancement = None
        if uploaded.job is not None:
            spec = uploaded.job.spec
            enhancement = StartedEnhancementView(
                job_id=spec.id, tier=spec.tier, token_cost=spec.charged, new_balance=uploaded.balance
            )
        return cls(image=UploadedImageView.of(uploaded, urls), enhancement=enhancement)


@frozen(kw_only=True)
class UploadedFileView:
    """A stored file of a batch."""

    success: bool = True
    filename: str
    image_id: ImageId
    url: str
    thumbnail_url: str | None  # null until it is made
    preview_url: str | None
    width: int
    height: int
    thumbhash: str | None
    size: int
    format: PictureFormat
    job_id: JobId | None  # null if the album doesn't enhance uploads
    tier: Tier | None
    token_cost: Tokens
    duplicate_of: ImageId | None

    @classmethod
    def of(cls, file: KeptFile, urls: UrlBuilder) -> "UploadedFileView":
        """Return the view of a stored file."""
        image, spec = file.image, None if file.job is None else file.job.spec
        return cls(
            filename=file.filename,
            image_id=image.id,
            url=urls.of_original(image, viewer=image.owner_id),
            thumbnail_url=urls.of_thumbnail(image.renditions, image),
            preview_url=urls.of_preview(image.renditions, image),
            width=image.dimensions.width_px,
            height=image.dimensions.height_px,
            thumbhash=thumbhash_of(image.renditions),
            size=image.size_bytes,
            format=image.format,
            job_id=None if spec is None else spec.id,
            tier=None if spec is None else spec.tier,
            token_cost=NO_TOKENS if spec is None else spec.charged,
            duplicate_of=file.duplicate_of,
        )


@frozen(kw_only=True)
class RefusedFileView:
    """A refused file of a batch."""

    success: bool = False
    filename: str
    error: str
    error_type: FileErrorType

    @classmethod
    def of(cls, file: RefusedFile) -> "RefusedFileView":
        """Return the view of a refused file."""
        error_type, text = file_error(file.error)
        return cls(filename=file.filename, error=text, error_type=error_type)


@frozen(kw_only=True)
class BatchUploadSummaryView:
    """The counts of a batch upload."""

    total: int
    successful: int
    failed: int
    total_cost: Tokens
    new_balance: Tokens


@frozen(kw_only=True)
class BatchUploadView:
    """The answer to a batch upload: a result for each file, in the order of the form."""

    success: bool  # at least one file was stored
    results: list[UploadedFileView | RefusedFileView]
    summary: BatchUploadSummaryView

    @classmethod
    def of(cls, batch: UploadedBatch, urls: UrlBuilder) -> "BatchUploadView":
        """Return the view of the files' results."""
        results = [
            UploadedFileView.of(file, urls) if isinstance(file, KeptFile) else RefusedFileView.of(file)
            for file in batch.files
        ]
        successful = sum(result.success for result in results)
        return cls(
            success=successful > 0,
            results=results,
            summary=BatchUploadSummaryView(
                total=len(results),
                successful=successful,
                failed=len(results) - successful,
                total_cost=batch.total,
                new_balance=batch.balance,
            ),
        )


@frozen(kw_only=True)
class ImageFactsView:
    """An image's attributes."""

    id: ImageId
    name: ImageName
    description: str | None
    original_url: str
    thumbnail_url: str | None  # null until it is made
    preview_url: str | None
    original_width: int
    original_height: int
    thumbhash: str | None
    original_size_bytes: int
    original_format: PictureFormat
    is_public: bool
    view_count: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, image: Image, urls: UrlBuilder, *, viewer: OwnerId | None) -> "ImageFactsView":
        """Return the view of an image, for this viewer."""
        return cls(
            id=image.id,
            name=image.name,
            description=image.description,
            original_url=urls.of_original(image, viewer=viewer),
            thumbnail_url=urls.of_thumbnail(image.renditions, image),
            preview_url=urls.of_preview(image.renditions, image),
            original_width=image.dimensions.width_px,
            original_height=image.dimensions.height_px,
            thumbhash=thumbhash_of(image.renditions),
            original_size_bytes=image.size_bytes,
            original_format=image.format,
            is_public=image.is_public,
            view_count=image.view_count,
            created_at=image.created_at,
            updated_at=image.updated_at,
        )


@frozen(kw_only=True)
class ImageView(ImageFactsView):
    """An image with its newest jobs."""

    jobs: list[JobView]
    jobs_total: int

    @classmethod
    def shown(cls, shown: ShownImage, urls: UrlBuilder, *, viewer: OwnerId | None) -> "ImageView":
        """Return the view of an image and its jobs, for this viewer."""
        image = shown.image
        facts = asdict(ImageFactsView.of(image, urls, viewer=viewer), recurse=False)
        jobs = [JobView.of(job, image, shown.positions.get(job.id), urls) for job in shown.jobs]
        return cls(**facts, jobs=jobs, jobs_total=shown.jobs_total)


@frozen(kw_only=True)
class ImagesView:
    """The answer to `GET /api/images`."""

    success: bool = True
    images: list[ImageFactsView]
    next_cursor: str | None
    has_more: bool
    url_expires_at: datetime | None

    @classmethod
    def of(cls, page: ImagesPage, urls: UrlBuilder) -> "ImagesView":
        """Return the view of a page."""
        return cls(
            images=[ImageFactsView.of(image, urls, viewer=image.owner_id) for image in page.images],
            next_cursor=None if page.next is None else str(page.next),
            has_more=page.next is not None,
            url_expires_at=urls.expires_at,
        )


@frozen(kw_only=True)
class PlaceView:
    """What a page needs to lay out an image."""

    id: ImageId
    width: int
    height: int
    created_at: datetime
    cursor: str  # of the list after this image


@frozen(kw_only=True)
class LayoutView:
    """The answer to `GET /api/images/layout` and `GET /api/albums/{id}/layout`."""

    success: bool = True
    images: list[PlaceView]
    next_cursor: str | None
    has_more: bool

    @classmethod
    def of(cls, page: ListedPage, *, order: ImageOrder) -> "LayoutView":
        """Return the view of a page of images."""
        places = [
            PlaceView(
                id=image.id,
                width=image.dimensions.width_px,
                height=image.dimensions.height_px,
                created_at=image.created_at,
                cursor=str(image.cursor(order)),
            )
            for image in page.images
        ]
        return cls(
            images=places, next_cursor=None if page.next is None else str(page.next), has_more=page.next is not None
        )

    @classmethod
    def of_album(cls, shown: ShownAlbum) -> "LayoutView":
        """Return the view of a page of an album's images."""
        places = [
            PlaceView(
                id=image.id,
                width=image.dimensions.width_px,
                height=image.dimensions.height_px,
                created_at=image.created_at,
                cursor=str(place.cursor),
            )
            for place, image in shown.images
        ]
        return cls(
            images=places, next_cursor=None if shown.next is None else str(shown.next), has_more=shown.next is not None
        )


@frozen(kw_only=True)
class ShownImageView:
    """The answer to `GET /api/images/{id}`."""

    success: bool = True
    image: ImageView
    url_expires_at: datetime | None

    @classmethod
    def of(cls, shown: ShownImage, urls: UrlBuilder, *, viewer: OwnerId | None) -> "ShownImageView":
        """Return the view of an image and its jobs, for this viewer."""
        return cls(image=ImageView.shown(shown, urls, viewer=viewer), url_expires_at=urls.expires_at)


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


@frozen(kw_only=True)
class DeletedImageView:
    """The answer to `DELETE /api/images/{id}`."""

    success: bool = True
    message: str = "Image deleted successfully"


@frozen(kw_only=True)
class DeletedImagesView:
    """The answer to `POST /api/images/delete`."""

    success: bool = True
    deleted: list[ImageId]
    not_found: list[ImageId]
    pending: list[ImageId]

    @classmethod
    def of(cls, removed: RemovedImages) -> "DeletedImagesView":
        """Return the view of what became of the images."""
        return cls(deleted=list(removed.deleted), not_found=list(removed.missing), pending=list(removed.hidden))
