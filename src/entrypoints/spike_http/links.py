"""Addresses of objects: absolute, signed where the image is private, plain where it is public."""

from datetime import timedelta
from urllib.parse import urljoin

import falcon
from attrs import frozen

from spike_core.domain.identifiers import OwnerId
from spike_core.domain.images import Image
from spike_core.domain.objects import ObjectKey
from spike_core.ports.plugins import Storage


@frozen(kw_only=True)
class LinkPolicy:
    """How addresses are made."""

    storage: Storage
    cdn_url: str
    public_url: str
    lifetime: timedelta

    def addresses(self, req: falcon.Request) -> "Addresses":
        """Return the maker of addresses for one request."""
        return Addresses(policy=self, base_url=self.public_url or req.prefix)


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
            return urljoin(self.base_url, f"/files/{key}")
        return urljoin(self.base_url, policy.storage.blobs.url(key, valid_for=policy.lifetime))
