"""Lists of an owner's images: their order, and what they are narrowed down to."""

import base64
import binascii
import re
import unicodedata
from datetime import datetime
from enum import Enum
from typing import ClassVar, Final, Self

from attrs import field, frozen

from spike_core.domain.cursors import ImageCursor
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import InvalidValue
from spike_core.domain.identifiers import ImageId
from spike_core.domain.images import ImageName
from spike_core.domain.limits import FILE_NAME_CHARS_MAX, SEARCH_CHARS_MAX
from spike_core.domain.tiers import Tier


class ImageOrder(Enum):
    """The order of a list of images."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"  # by `sort_key`, then by id


class ImageState(Enum):
    """What the jobs of an image say about it. An image may have several states."""

    ORIGINAL = "ORIGINAL"  # no job is completed
    PROCESSING = "PROCESSING"  # a job is pending or processing
    ENHANCED = "ENHANCED"  # a job is completed
    FAILED = "FAILED"  # its newest job has failed


def sort_key(name: ImageName) -> str:
    """Return what names are ordered by: code points, with A to Z as a to z, as every database can compute it."""
    return name.text.translate(_ASCII_LOWER)


@frozen(order=True)
class NameCursor:
    """The position in a list ordered by name after the image with this `(sort key, id)` pair."""

    pattern: ClassVar[re.Pattern[str]] = re.compile(r"~([A-Za-z0-9_-]+)\.([a-z0-9_]+)")

    key: str
    id: ImageId

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the cursor that `str` made.

        Raises:
            InvalidValue: the text isn't a cursor of this kind.
        """
        match = cls.pattern.fullmatch(text)
        key = None if match is None else _decoded(match[1])
        if match is None or key is None or ImageId.pattern.fullmatch(match[2]) is None:
            raise InvalidValue(what="cursor", rule="must be one that this list returned")
        return cls(key, ImageId(match[2]))

    def __str__(self) -> str:
        """Return `~<base64url of the key>.<id>`."""
        return f"~{base64.urlsafe_b64encode(self.key.encode()).decode().rstrip('=')}.{self.id}"


ListCursor = ImageCursor | NameCursor


def parse_list_cursor(text: str, order: ImageOrder) -> ListCursor:
    """Return the position that a list in this order returned.

    Raises:
        InvalidValue: the text isn't a cursor of a list in this order.
    """
    return NameCursor.parse(text) if order is ImageOrder.NAME else ImageCursor.parse(text)


def _search_text(text: str) -> str:
    if len(text) > SEARCH_CHARS_MAX:
        raise InvalidValue(what="search", rule=f"must have at most {SEARCH_CHARS_MAX} characters")
    return text


@frozen(kw_only=True)
class ImageFilter:
    """What a list of images is narrowed down to; everything by default.

    `search` is words that all occur in the name, in any order, in upper or lower case.

    Raises:
        InvalidValue: `search` has more than `SEARCH_CHARS_MAX` characters.
    """

    search: str = field(default="", converter=_search_text)
    state: ImageState | None = None
    tier: Tier | None = None  # at which a job is completed

    @property
    def is_empty(self) -> bool:
        """Whether all images match."""
        return not self.search.strip() and self.state is None and self.tier is None

    def matches_name(self, name: ImageName) -> bool:
        """Return whether all words of `search` occur in the name.

        >>> ImageFilter(search="beach img").matches_name(ImageName("IMG_1 Beach.jpg"))
        True
        """
        folded = _folded(name.text)
        return all(word in folded for word in _folded(self.search).split())


EVERYTHING: Final = ImageFilter()


@frozen(kw_only=True)
class ListedImage:
    """What a list, and the layout of a page that shows it, need of an image."""

    id: ImageId
    name: ImageName
    dimensions: Dimensions
    created_at: datetime
    is_match: bool = True  # whether its jobs have the state and the tier that were asked for

    def cursor(self, order: ImageOrder) -> ListCursor:
        """Return the image's position in a list of this order."""
        return NameCursor(sort_key(self.name), self.id) if order is ImageOrder.NAME else self.age

    @property
    def age(self) -> ImageCursor:
        """The image's position in a list ordered by age."""
        return ImageCursor(self.created_at, self.id)


def _folded(text: str) -> str:
    """Return text for a comparison that ignores case (Unicode 16, 3.13.5); file names of macOS are decomposed."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _decoded(base64url: str) -> str | None:
    try:
        key = base64.b64decode(base64url + "=" * (-len(base64url) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return key if len(key) <= FILE_NAME_CHARS_MAX and "\0" not in key else None


_ASCII_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
