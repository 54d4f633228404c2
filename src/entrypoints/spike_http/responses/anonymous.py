"""Responses to anonymous requests."""

from attrs import frozen

from spike_core.domain.identifiers import ImageId, JobId
from spike_core.domain.images import Image, ImageName
from spike_core.domain.tiers import Tier
from spike_http.responses.urls import UrlBuilder


@frozen(kw_only=True)
class AnonymousImageView:
    """The image part of an anonymous upload's answer."""

    id: ImageId
    name: ImageName
    url: str
    width: int
    height: int


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
                width=image.dimensions.width_px,
                height=image.dimensions.height_px,
            )
        )


@frozen(kw_only=True)
class MixView:
    """The answer to an anonymous mix."""

    success: bool = True
    job_id: JobId
    tier: Tier
