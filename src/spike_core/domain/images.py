"""Images: uploaded pictures and their attributes."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Final, Self

from attrs import evolve, field, frozen, validators

from spike_core.domain.color_grid import ColorGrid
from spike_core.domain.cursors import ImageCursor
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import InvalidFileName, InvalidValue
from spike_core.domain.hash_chain import row_checksum
from spike_core.domain.identifiers import ImageId, OwnerId
from spike_core.domain.limits import FILE_NAME_CHARS_MAX, IMAGE_DESCRIPTION_CHARS_MAX
from spike_core.domain.objects import ContentDigest, ObjectKey, PictureFormat
from spike_core.domain.renditions import Renditions
from spike_core.domain.text_rules import has_controls, prose_has_controls


@frozen
class ImageName:
    """An image's display name, never a path.

    >>> ImageName.parse("holidays.jpg")
    ImageName(text='holidays.jpg')
    >>> ImageName.parse("../secret")
    Traceback (most recent call last):
    spike_core.domain.errors.InvalidFileName: ...
    """

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the name that a client gave.

        Raises:
            InvalidFileName: it is empty, too long, starts with a dot, or has path parts or control characters.
        """
        if (
            not text.strip()
            or len(text) > FILE_NAME_CHARS_MAX
            or text.startswith(".")
            or any(character in _FORBIDDEN for character in text)
            or has_controls(text)
        ):
            raise InvalidFileName
        return cls(text)

    def __str__(self) -> str:
        """Return the text."""
        return self.text


# path separators, and the direction overrides that make "gpj.exe" look like "exe.jpg" (Unicode TR36, 3.5)
_FORBIDDEN: Final = frozenset("/\\\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def check_description(text: str) -> str:
    """Return an image's description, which may have several lines, if it is valid.

    Raises:
        InvalidValue: it is too long, or holds control characters.
    """
    if len(text) > IMAGE_DESCRIPTION_CHARS_MAX or prose_has_controls(text):
        rule = f"must have at most {IMAGE_DESCRIPTION_CHARS_MAX} characters and no control characters"
        raise InvalidValue(what="description", rule=rule)
    return text


@frozen(kw_only=True)
class PictureIdentity:
    """What a picture's header and metadata say: enough to store it."""

    format: PictureFormat
    dimensions: Dimensions  # after EXIF orientation is applied
    has_location: bool = False  # its metadata contain a location, or can't be parsed


@frozen(kw_only=True)
class PictureFacts(PictureIdentity):
    """A picture's identity and its appearance at low resolution."""

    is_blank: bool  # all pixels are equal, within the error of a lossy format
    colors: ColorGrid


class MetadataPolicy(Enum):
    """Whether results keep the original's metadata on camera, lens, exposure, date, author and rights."""

    KEEP = "keep"
    STRIP = "strip"


@frozen(kw_only=True)
class Image:
    """One uploaded image. Its original is immutable."""

    id: ImageId
    owner_id: OwnerId
    name: ImageName
    description: str | None
    format: PictureFormat
    dimensions: Dimensions
    size_bytes: int = field(validator=validators.ge(1))
    original: ObjectKey
    is_public: bool
    view_count: int = field(validator=validators.ge(0))
    created_at: datetime
    updated_at: datetime
    sha256: bytes | None = field(default=None, repr=False)  # of the original; `None` if an older release stored it
    shown_digest: ContentDigest | None = None  # of a copy without metadata, likewise
    renditions: Renditions | None = None  # `None` until they are made

    @property
    def shown(self) -> ObjectKey:
        """The object served to viewers other than the owner: the original, or a copy without its metadata."""
        return ObjectKey.of_original(self.id, self.format)

    @property
    def objects(self) -> frozenset[ObjectKey]:
        """All objects that the image's row names."""
        renditions = frozenset[ObjectKey]() if self.renditions is None else self.renditions.objects
        return renditions | {self.original, self.shown}

    def is_visible_to(self, viewer: OwnerId | None) -> bool:
        """Return whether the viewer, `None` for one without credentials, may see the image."""
        return self.is_public or self.owner_id == viewer

    @property
    def digests(self) -> Mapping[ObjectKey, ContentDigest]:
        """What is known of the objects' contents."""
        original = {self.original: ContentDigest(size_bytes=self.size_bytes, sha256=self.sha256)}
        shown = {} if self.shown_digest is None else {self.shown: self.shown_digest}
        return {**shown, **original, **({} if self.renditions is None else self.renditions.digests)}

    def with_digests(self, digests: Mapping[ObjectKey, ContentDigest]) -> Self:
        """Return the image with the digests of its objects, all of which are stored."""
        shown = None if self.shown == self.original else digests[self.shown]
        return evolve(self, sha256=digests[self.original].sha256, shown_digest=shown)

    @property
    def checksum(self) -> bytes:
        """The checksum of the attributes that never change and that money or access depend on."""
        return row_checksum("image", self.id.text, self.owner_id.text)

    @property
    def stored_bytes(self) -> int:
        """The size of the original and its copy without metadata, which is taken to be as large, if there is one.

        Renditions don't count: Spike makes them when it likes, and an owner can't do without them.
        """
        return self.size_bytes * len({self.original, self.shown})

    @property
    def cursor(self) -> ImageCursor:
        """The image's position in a list ordered by age."""
        return ImageCursor(self.created_at, self.id)
