"""The body of a request for several pictures in one file."""

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from spike_core.domain.identifiers import ImageId
from spike_core.domain.limits import DOWNLOAD_IDS_MAX
from spike_core.domain.tiers import Tier
from spike_http.openapi.notes import said
from spike_http.requests.albums import image_ids
from spike_http.requests.json_bodies import string_field
from spike_http.requests.query import sold_tier


@frozen(kw_only=True)
class DownloadBody:
    """`POST /api/images/download`."""

    image_ids: Sequence[ImageId] = field(metadata=said(minItems=1, maxItems=DOWNLOAD_IDS_MAX))
    tier: Tier | None = None

    @classmethod
    def parse(cls, body: Mapping[str, object]) -> "DownloadBody":
        """Return the parsed body.

        Raises:
            MissingFields, InvalidValue, InvalidImageIds: the body isn't valid.
        """
        tier = body.get("tier")
        return cls(
            image_ids=image_ids(body, "imageIds", least=1, most=DOWNLOAD_IDS_MAX),
            tier=None if tier is None else sold_tier(string_field("tier", tier)),
        )
