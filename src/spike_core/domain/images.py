"""Images: what was uploaded, byte for byte, and what is known of it."""

from datetime import datetime
from enum import Enum
from typing import Final, Self

from attrs import field, frozen, validators

from spike_core.domain.color_grid import ColorGrid
from spike_core.domain.cursors import ImageCursor
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import InvalidFileName, InvalidValue
from spike_core.domain.identifiers import ImageId, OwnerId
from spike_core.domain.limits import FILE_NAME_CHARS_MAX, IMAGE_DESCRIPTION_CHARS_MAX
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.text_rules import has_controls, prose_has_controls


@frozen
class ImageName:
    """An image's name: a label for people, never a path."""

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
    """Return what people say of an image; line breaks are fine.

    Raises:
        InvalidValue: it is too long, or holds control characters.
    """
    if len(text) > IMAGE_DESCRIPTION_CHARS_MAX or prose_has_controls(text):
        rule = f"must have at most {IMAGE_DESCRIPTION_CHARS_MAX} characters and no control characters"
        raise InvalidValue(what="description", rule=rule)
    return text


@frozen(kw_only=True)
class PictureIdentity:
    """What a picture's bytes say of themselves, as far as it takes to store them."""

    format: PictureFormat
    dimensions: Dimensions  # as seen: after EXIF orientation
    has_location: bool = False  # its metadata tell where it was taken, or can't be seen through


@frozen(kw_only=True)
class PictureFacts(PictureIdentity):
    """What a picture is, and what is seen of it from afar."""

    is_blank: bool  # every pixel is alike, as far as a lossy format keeps them so
    colors: ColorGrid


class MetadataPolicy(Enum):
    """Whether a result keeps what its original tells of camera, lens, exposure, date, author and rights."""

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

    @property
    def shown(self) -> ObjectKey:
        """What others than the owner may see of the original: itself, or the same without its metadata."""
        return ObjectKey.of_original(self.id, self.format)

    @property
    def objects(self) -> frozenset[ObjectKey]:
        """All objects that the image's row names."""
        return frozenset({self.original, self.shown})

    @property
    def cursor(self) -> ImageCursor:
        """The image's place in a list by age."""
        return ImageCursor(self.created_at, self.id)
