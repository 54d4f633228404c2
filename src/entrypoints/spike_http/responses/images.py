"""Images in responses."""

from datetime import datetime

from attrs import asdict, frozen

from spike_core.domain.identifiers import ImageId, OwnerId
from spike_core.domain.image_lists import ImageOrder
from spike_core.domain.images import Image, ImageName
from spike_core.domain.objects import PictureFormat
from spike_core.services.albums import ShownAlbum
from spike_core.services.deletion import RemovedImages
from spike_core.services.image_lists import ListedPage
from spike_core.services.queries import ImagesPage, ShownImage
from spike_http.responses.jobs import JobView
from spike_http.responses.urls import UrlBuilder, thumbhash_of


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
