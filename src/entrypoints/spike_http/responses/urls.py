"""URLs of stored objects: absolute; signed if the image is private, plain if it is public."""

import base64
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import falcon
from attrs import frozen

from spike_core.domain.identifiers import OwnerId
from spike_core.domain.images import Image
from spike_core.domain.objects import ObjectKey
from spike_core.domain.renditions import Renditions
from spike_core.domain.validity_periods import ValidityPeriod
from spike_core.ports.clock import Clock
from spike_core.ports.factories import Storage
from spike_http.responses.disposition import attachment
from spike_http.serving.base_urls import BaseUrls


@frozen(kw_only=True)
class ObjectUrls:
    """Where objects are served from: a CDN, the blob store, or this service."""

    storage: Storage
    cdn_url: str
    base_urls: BaseUrls
    lifetime: timedelta  # of signed URLs
    clock: Clock

    def for_request(self, req: falcon.Request) -> "UrlBuilder":
        """Return the builder of the URLs in the response to a request."""
        begins = ValidityPeriod.of(self.clock.now(), valid_for=self.lifetime).begins
        return UrlBuilder(
            config=self,
            base_url=self.base_urls.base_url(req),
            expires_at=None if self.cdn_url else begins + self.lifetime,
        )


@frozen(kw_only=True)
class UrlBuilder:
    """Builds URLs that lead to the host that the client uses, or to the configured one."""

    config: ObjectUrls
    base_url: str
    # no signed URL expires sooner; it stays the same as long as they do; `None` if none expires
    expires_at: datetime | None

    def of_original(self, image: Image, *, viewer: OwnerId | None) -> str:
        """Return the URL of an image's original for its owner, and of the copy without private metadata for others."""
        return self.of(image.original if viewer == image.owner_id else image.shown, image)

    def of_thumbnail(self, renditions: Renditions | None, image: Image | None) -> str | None:
        """Return the URL of a picture's thumbnail; `None` until it is made."""
        return None if renditions is None else self.of(renditions.thumbnail.key, image)

    def of_preview(self, renditions: Renditions | None, image: Image | None) -> str | None:
        """Return the URL of a picture's preview; `None` until it is made."""
        return None if renditions is None else self.of(renditions.preview.key, image)

    def of_attachment(self, key: ObjectKey, image: Image | None, *, name: str) -> str:
        """Return the URL of an object that browsers save under this name; a CDN's is the plain one."""
        url = self.of(key, image)
        if self.config.cdn_url:
            return url
        if "?" not in url:
            return f"{url}?download=1"
        attached = self.config.storage.blobs.attachment_url(
            key, content_disposition=attachment(name), valid_for=self.config.lifetime
        )
        return self._absolute(attached)

    def of(self, key: ObjectKey, image: Image | None) -> str:
        """Return the URL of an object that belongs to this image, or to no image."""
        config = self.config
        if config.cdn_url:
            return f"{config.cdn_url.rstrip('/')}/{key}"
        if image is not None and image.is_public and not key.is_hidden and config.storage.links is not None:
            return f"{self.base_url}/files/{key}"
        return self._absolute(config.storage.blobs.url(key, valid_for=config.lifetime))

    def _absolute(self, url: str) -> str:
        return url if urlsplit(url).scheme else f"{self.base_url}{url}"


def thumbhash_of(renditions: Renditions | None) -> str | None:
    """Return a picture's thumbhash in Base64; `None` until it is made."""
    return None if renditions is None else base64.b64encode(renditions.thumbhash).decode()
