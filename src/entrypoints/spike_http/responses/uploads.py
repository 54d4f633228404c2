"""Responses about uploads."""

from attrs import frozen

from spike_core.domain.identifiers import ImageId, JobId
from spike_core.domain.images import ImageName
from spike_core.domain.objects import PictureFormat
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.services.batch_uploads import KeptFile, RefusedFile, UploadedBatch
from spike_core.services.uploads import Uploaded
from spike_http.errors import FileErrorType, file_error
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
