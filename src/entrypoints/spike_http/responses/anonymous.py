"""Responses to anonymous requests."""

from attrs import frozen

from spike_core.domain.identifiers import ImageId, JobId
from spike_core.domain.images import Image, ImageName
from spike_core.domain.tiers import Tier
from spike_http.responses.urls import UrlBuilder, thumbhash_of


@frozen(kw_only=True)
class AnonymousImageView:
    """The image part of an anonymous upload's answer."""

    id: ImageId
    name: ImageName
    url: str
    thumbnail_url: str | None  # null until it is made
    preview_url: str | None
    width: int
    height: int
    thumbhash: str | None


@frozen(kw_only=True)
class AnonymousUploadView:
    """The answer to an anonymous upload."""

    success: bool = True
    image: AnonymousImageView

    @classmethod
    def of(cls, image: Image, urls: UrlBuilder) -> "AnonymousUploadView":
        """Return the view of an image."""
        return cls(
            image=AnonymousImageView(
                id=image.id,
                name=image.name,
                url=urls.of_original(image, viewer=None),
                thumbnail_url=urls.of_thumbnail(image.renditions, image),
                preview_url=urls.of_preview(image.renditions, image),
                width=image.dimensions.width_px,
                height=image.dimensions.height_px,
                thumbhash=thumbhash_of(image.renditions),
            )
        )


@frozen(kw_only=True)
class MixView:
    """The answer to an anonymous mix."""

    success: bool = True
    job_id: JobId
    tier: Tier
