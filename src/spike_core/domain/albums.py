"""Albums: an owner's images in an order, with defaults for what is uploaded into them."""

import hmac
from datetime import datetime
from enum import Enum
from typing import Self

from attrs import evolve, field, frozen

from spike_core.domain.cursors import AlbumCursor
from spike_core.domain.enum_members import parse_choice
from spike_core.domain.errors import Forbidden, InvalidValue, Unauthenticated
from spike_core.domain.identifiers import AlbumId, AlbumImageId, ImageId, OwnerId
from spike_core.domain.limits import ALBUM_DESCRIPTION_CHARS_MAX, ALBUM_NAME_CHARS_MAX
from spike_core.domain.patches import UNCHANGED, Unchanged, changed_fields
from spike_core.domain.secrets import Secret
from spike_core.domain.text_rules import has_controls, prose_has_controls
from spike_core.domain.tiers import Tier


class Privacy(Enum):
    """Who may view an album: its owner, anyone with its share token, or everyone. The names are the API's."""

    PRIVATE = "PRIVATE"
    UNLISTED = "UNLISTED"
    PUBLIC = "PUBLIC"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the privacy that `text` names.

        Raises:
            InvalidValue: there is no such privacy.
        """
        return parse_choice(cls, text, what="privacy")


@frozen
class AlbumName:
    """An album's display name, one line."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the name that a client gave.

        Raises:
            InvalidValue: it is blank, too long, or holds control characters.
        """
        if not text.strip() or len(text) > ALBUM_NAME_CHARS_MAX or has_controls(text):
            rule = f"must have 1 to {ALBUM_NAME_CHARS_MAX} characters, not all blank, and no control characters"
            raise InvalidValue(what="name", rule=rule)
        return cls(text)

    def __str__(self) -> str:
        """Return the text."""
        return self.text


@frozen
class AlbumDescription:
    """An album's description; may have several lines."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the description that a client gave.

        Raises:
            InvalidValue: it is too long, or holds control characters.
        """
        if len(text) > ALBUM_DESCRIPTION_CHARS_MAX or prose_has_controls(text):
            rule = f"must have at most {ALBUM_DESCRIPTION_CHARS_MAX} characters and no control characters"
            raise InvalidValue(what="description", rule=rule)
        return cls(text)

    def __str__(self) -> str:
        """Return the text."""
        return self.text


@frozen(kw_only=True)
class AlbumPatch:
    """Changes to an album's attributes. `UNCHANGED` leaves an attribute as it is; `None` clears an optional one."""

    name: AlbumName | Unchanged = UNCHANGED
    description: AlbumDescription | Unchanged | None = UNCHANGED
    privacy: Privacy | Unchanged = UNCHANGED
    default_tier: Tier | Unchanged = UNCHANGED
    auto_enhance: bool | Unchanged = UNCHANGED
    cover_image_id: ImageId | Unchanged | None = UNCHANGED


@frozen(kw_only=True)
class Album:
    """An album's attributes; an `AlbumImage` is one of its images.

    Raises:
        InvalidValue: the default tier is FREE.
    """

    id: AlbumId
    owner_id: OwnerId
    name: AlbumName
    description: AlbumDescription | None = None
    privacy: Privacy = Privacy.PRIVATE
    default_tier: Tier = field(default=Tier.TIER_1K)
    auto_enhance: bool = True
    cover_image_id: ImageId | None = None
    created_at: datetime
    updated_at: datetime
    share_token: Secret | None = None  # kept in the clear: its owner may look it up again

    @default_tier.validator
    def _is_paid(self, _attribute: object, value: Tier) -> None:
        if value == Tier.FREE:
            raise InvalidValue(what="an album's default tier", rule="can't be FREE")

    def owned_by(self, owner_id: OwnerId) -> "Album":
        """Return the album if `owner_id` owns it.

        Raises:
            Forbidden: another user owns it.
        """
        if self.owner_id != owner_id:
            raise Forbidden
        return self

    def visible_to(self, viewer: OwnerId | None, *, share_token: Secret | None) -> "Album":
        """Return the album if `viewer` may view it; `viewer` is `None` for a request without credentials.

        The share token grants access to an unlisted album only, and is compared in constant time.

        Raises:
            Unauthenticated: there are no credentials, and the album isn't open to everyone.
            Forbidden: the viewer has no access.
        """
        if self.owner_id == viewer or self.privacy is Privacy.PUBLIC:
            return self
        if self.privacy is Privacy.UNLISTED and _same(self.share_token, share_token):
            return self
        if viewer is None:
            raise Unauthenticated
        raise Forbidden

    def change(self, changes: AlbumPatch, *, fresh_token: Secret, now: datetime) -> "Album":
        """Return the album with the changes.

        An album that becomes unlisted gets `fresh_token`; one that stops being unlisted loses its token, so that links
        given out earlier stay invalid.
        """
        changed = evolve(self, **changed_fields(changes))
        token = (self.share_token or fresh_token) if changed.privacy is Privacy.UNLISTED else None
        changed = evolve(changed, share_token=token)
        return self if changed == self else evolve(changed, updated_at=now)

    def without_cover(self, image_ids: frozenset[ImageId], *, now: datetime) -> "Album":
        """Return the album without its cover if the cover is one of these images."""
        return evolve(self, cover_image_id=None, updated_at=now) if self.cover_image_id in image_ids else self


@frozen(kw_only=True)
class AlbumImage:
    """One image's place in one album. Lower positions come first."""

    id: AlbumImageId
    album_id: AlbumId
    image_id: ImageId
    position: int
    added_at: datetime

    @property
    def cursor(self) -> AlbumCursor:
        """The position in the list of the album's images."""
        return AlbumCursor(self.position)


@frozen(kw_only=True)
class AlbumCount:
    """An album's number of images, as it is kept and as it was counted."""

    album_id: AlbumId
    kept: int
    counted: int


@frozen(kw_only=True)
class AlbumSummary:
    """An album in a list: its attributes, how many images it contains, and the first of them."""

    album: Album
    image_count: int
    first_image_id: ImageId | None  # `None` for an empty album

    @property
    def cover_image_id(self) -> ImageId | None:
        """The cover that the owner chose, or else the first image; `None` for an empty album."""
        return self.album.cover_image_id or self.first_image_id


def _same(token: Secret | None, given: Secret | None) -> bool:
    """Compare the tokens' digests, which have one length and are ASCII, in constant time."""
    return token is not None and given is not None and hmac.compare_digest(token.hash.text, given.hash.text)
