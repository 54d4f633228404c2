"""Albums: an owner's images in an order, with defaults for what is uploaded into them."""

from datetime import datetime
from enum import Enum

from attrs import field, frozen

from spike_core.domain.errors import Forbidden, InvalidValue
from spike_core.domain.identifiers import AlbumId, AlbumImageId, ImageId, OwnerId
from spike_core.domain.tiers import Tier


class Privacy(Enum):
    """Who may look at an album. The names are the API's."""

    PRIVATE = "PRIVATE"
    UNLISTED = "UNLISTED"
    PUBLIC = "PUBLIC"


@frozen(kw_only=True)
class Album:
    """An album's own facts; its images are `AlbumImage`s.

    Raises:
        InvalidValue: the default tier is FREE.
    """

    id: AlbumId
    owner_id: OwnerId
    name: str
    description: str | None = None
    privacy: Privacy = Privacy.PRIVATE
    default_tier: Tier = field(default=Tier.TIER_1K)
    auto_enhance: bool = True
    cover_image_id: ImageId | None = None
    created_at: datetime
    updated_at: datetime

    @default_tier.validator
    def _is_paid(self, _attribute: object, value: Tier) -> None:
        if value is Tier.FREE:
            raise InvalidValue(what="an album's default tier", rule="can't be FREE")

    def owned_by(self, owner_id: OwnerId) -> "Album":
        """Return the album, for its owner.

        Raises:
            Forbidden: it is somebody else's.
        """
        if self.owner_id != owner_id:
            raise Forbidden
        return self


@frozen(kw_only=True)
class AlbumImage:
    """One image's place in one album. Lower positions come first."""

    id: AlbumImageId
    album_id: AlbumId
    image_id: ImageId
    position: int
    added_at: datetime
