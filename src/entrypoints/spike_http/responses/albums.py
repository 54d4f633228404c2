"""Albums in responses."""

from collections.abc import Sequence
from datetime import datetime

from attrs import asdict, frozen

from spike_core.domain.albums import Album, AlbumDescription, AlbumImage, AlbumName, Privacy
from spike_core.domain.identifiers import AlbumId, AlbumImageId, ImageId, OwnerId
from spike_core.domain.images import Image, ImageName
from spike_core.domain.objects import PictureFormat
from spike_core.domain.tiers import Tier
from spike_core.services.album_contents import Moved
from spike_core.services.albums import ListedAlbum, ShownAlbum
from spike_http.responses.urls import UrlBuilder, thumbhash_of


@frozen(kw_only=True)
class AlbumView:
    """An album's attributes. The share token is shown only to the owner."""

    id: AlbumId
    name: AlbumName
    description: AlbumDescription | None
    privacy: Privacy
    share_token: str | None
    default_tier: Tier
    auto_enhance: bool
    cover_image_id: ImageId | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, album: Album, *, viewer: OwnerId | None) -> "AlbumView":
        """Return the view of an album, for this viewer; `None` is a visitor without credentials."""
        token = album.share_token if viewer == album.owner_id else None
        return cls(
            id=album.id,
            name=album.name,
            description=album.description,
            privacy=album.privacy,
            share_token=None if token is None else token.text,
            default_tier=album.default_tier,
            auto_enhance=album.auto_enhance,
            cover_image_id=album.cover_image_id,
            created_at=album.created_at,
            updated_at=album.updated_at,
        )


@frozen(kw_only=True)
class PlacedImageView:
    """An image in an album."""

    id: ImageId
    album_image_id: AlbumImageId
    name: ImageName
    url: str
    thumbnail_url: str | None  # null until it is made
    preview_url: str | None
    width: int
    height: int
    thumbhash: str | None
    size: int
    format: PictureFormat
    is_public: bool
    added_at: datetime

    @classmethod
    def of(cls, place: AlbumImage, image: Image, urls: UrlBuilder, *, viewer: OwnerId | None) -> "PlacedImageView":
        """Return the view of an image in an album, for this viewer."""
        return cls(
            id=image.id,
            album_image_id=place.id,
            name=image.name,
            url=urls.of_original(image, viewer=viewer),
            thumbnail_url=urls.of_thumbnail(image.renditions, image),
            preview_url=urls.of_preview(image.renditions, image),
            width=image.dimensions.width_px,
            height=image.dimensions.height_px,
            thumbhash=thumbhash_of(image.renditions),
            size=image.size_bytes,
            format=image.format,
            is_public=image.is_public,
            added_at=place.added_at,
        )


@frozen(kw_only=True)
class FullAlbumView(AlbumView):
    """An album's attributes and a page of its images, in order."""

    image_count: int
    images: list[PlacedImageView]

    @classmethod
    def shown(cls, shown: ShownAlbum, *, viewer: OwnerId | None, urls: UrlBuilder) -> "FullAlbumView":
        """Return the view of an album and its images, for this viewer."""
        facts = asdict(AlbumView.of(shown.album, viewer=viewer), recurse=False)
        images = [PlacedImageView.of(place, image, urls, viewer=viewer) for place, image in shown.images]
        return cls(**facts, image_count=shown.image_count, images=images)


@frozen(kw_only=True)
class CoverView:
    """The image that stands for an album."""

    id: ImageId
    url: str
    thumbnail_url: str | None  # null until it is made
    preview_url: str | None
    width: int
    height: int
    thumbhash: str | None

    @classmethod
    def of(cls, image: Image, urls: UrlBuilder) -> "CoverView":
        """Return the view of a cover, for its owner."""
        return cls(
            id=image.id,
            url=urls.of_original(image, viewer=image.owner_id),
            thumbnail_url=urls.of_thumbnail(image.renditions, image),
            preview_url=urls.of_preview(image.renditions, image),
            width=image.dimensions.width_px,
            height=image.dimensions.height_px,
            thumbhash=thumbhash_of(image.renditions),
        )


@frozen(kw_only=True)
class ListedAlbumView(AlbumView):
    """An album in a list."""

    image_count: int
    cover: CoverView | None

    @classmethod
    def listed(cls, listed: ListedAlbum, *, viewer: OwnerId, urls: UrlBuilder) -> "ListedAlbumView":
        """Return the view of an album in a list, for its owner."""
        facts = asdict(AlbumView.of(listed.album, viewer=viewer), recurse=False)
        cover = None if listed.cover is None else CoverView.of(listed.cover, urls)
        return cls(**facts, image_count=listed.image_count, cover=cover)


@frozen(kw_only=True)
class KeptAlbumView:
    """The answer to `POST /api/albums` and `PATCH /api/albums/{id}`."""

    success: bool = True
    album: AlbumView


@frozen(kw_only=True)
class AlbumListView:
    """The answer to `GET /api/albums`, newest first."""

    success: bool = True
    albums: list[ListedAlbumView]
    url_expires_at: datetime | None


@frozen(kw_only=True)
class ShownAlbumView:
    """The answer to `GET /api/albums/{id}`."""

    success: bool = True
    album: FullAlbumView
    next_cursor: str | None
    has_more: bool
    url_expires_at: datetime | None

    @classmethod
    def of(cls, shown: ShownAlbum, *, viewer: OwnerId | None, urls: UrlBuilder) -> "ShownAlbumView":
        """Return the view of an album and a page of its images, for this viewer."""
        return cls(
            album=FullAlbumView.shown(shown, viewer=viewer, urls=urls),
            next_cursor=None if shown.next is None else str(shown.next),
            has_more=shown.next is not None,
            url_expires_at=urls.expires_at,
        )


@frozen(kw_only=True)
class RemovedAlbumView:
    """The answer to `DELETE /api/albums/{id}`."""

    success: bool = True


@frozen(kw_only=True)
class RemovedImagesView:
    """The answer to `DELETE /api/albums/{id}/images`."""

    success: bool = True
    removed: int


@frozen(kw_only=True)
class OrderView:
    """The answer to `PATCH /api/albums/{id}/images`."""

    success: bool = True
    image_order: list[ImageId]


@frozen(kw_only=True)
class MovedImageView:
    """The result of moving one image."""

    image_id: ImageId
    success: bool = True
    album_image_id: AlbumImageId
    already_in_album: bool


@frozen(kw_only=True)
class MovedView:
    """The answer to `POST /api/images/move-to-album`. Either all are moved or the request fails, so none is failed."""

    success: bool = True
    moved: int
    failed: int = 0
    already_in_album: int
    results: list[MovedImageView]

    @classmethod
    def of(cls, moved: Sequence[Moved]) -> "MovedView":
        """Return the view of the moved images."""
        results = [
            MovedImageView(image_id=one.place.image_id, album_image_id=one.place.id, already_in_album=one.was_there)
            for one in moved
        ]
        return cls(moved=len(moved), already_in_album=sum(one.was_there for one in moved), results=results)
