"""Addresses of objects: absolute, signed where the image is private, plain where it is public."""

from datetime import timedelta
from urllib.parse import urlsplit

import falcon
from attrs import frozen

from spike_core.domain.identifiers import OwnerId
from spike_core.domain.images import Image
from spike_core.domain.objects import ObjectKey
from spike_core.ports.factories import Storage
from spike_http.serving.base_urls import BaseUrls


@frozen(kw_only=True)
class LinkPolicy:
    """How addresses are made."""

    storage: Storage
    cdn_url: str
    base_urls: BaseUrls
    lifetime: timedelta

    def addresses(self, req: falcon.Request) -> "Addresses":
        """Return the maker of addresses for one request."""
        return Addresses(policy=self, base_url=self.base_urls.base_url(req))


@frozen(kw_only=True)
class Addresses:
    """Makes addresses that lead back to the host that was asked, or to the one that is configured."""

    policy: LinkPolicy
    base_url: str

    def of_original(self, image: Image, *, viewer: OwnerId | None) -> str:
        """Return the address of an image's original for its owner, and for others of what they may see of it."""
        return self.of(image.original if viewer == image.owner_id else image.shown, image)

    def of(self, key: ObjectKey, image: Image | None) -> str:
        """Return the address of an object of this image, or of a job that isn't about one."""
        policy = self.policy
        if policy.cdn_url:
            return f"{policy.cdn_url.rstrip('/')}/{key}"
        if image is not None and image.is_public and not key.is_hidden and policy.storage.links is not None:
            return f"{self.base_url}/files/{key}"
        url = policy.storage.blobs.url(key, valid_for=policy.lifetime)
        return url if urlsplit(url).scheme else f"{self.base_url}{url}"
