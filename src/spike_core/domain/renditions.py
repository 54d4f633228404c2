"""Renditions: a picture's small copies in the blob store, for lists and previews.

They are WebP in sRGB, upright and without metadata, so every viewer of the picture may see them. A picture is never
enlarged: one no larger than the thumbnail has that alone, in its own size.

A result may have a preview card too, which shows it beside the original where other sites link to it. It is a JPEG,
which every site reads, made of both previews when it is first asked for.
"""

from collections.abc import Mapping
from typing import Final

from attrs import field, frozen, validators

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.identifiers import ImageId, JobId
from spike_core.domain.objects import ContentDigest, ObjectKey

THUMBNAIL_SIDE_PX: Final = 400  # the longest side, at most
PREVIEW_SIDE_PX: Final = 1600
CARD_SIZE: Final = Dimensions(width_px=1200, height_px=630)
THUMBHASH_BYTES_MAX: Final = 32  # the format needs 25
RENDITION_ATTEMPTS_MAX: Final = 3  # of the maintenance task, for one picture
NO_FURTHER_ATTEMPT: Final = 100  # stands for the number of attempts if none can succeed

Pictured = ImageId | JobId  # whose picture it is: an image's original, or a completed job's result


@frozen(kw_only=True)
class Rendition:
    """One rendition in the blob store."""

    key: ObjectKey
    digest: ContentDigest


@frozen(kw_only=True)
class Renditions:
    """All renditions of one picture, and its thumbhash."""

    thumbnail: Rendition
    preview: Rendition  # the thumbnail again if the picture is no larger
    thumbhash: bytes = field(repr=False, validator=[validators.min_len(1), validators.max_len(THUMBHASH_BYTES_MAX)])
    card: Rendition | None = None  # of a result, once it was asked for

    @property
    def objects(self) -> frozenset[ObjectKey]:
        """The objects of the renditions."""
        return frozenset(self.digests)

    @property
    def digests(self) -> Mapping[ObjectKey, ContentDigest]:
        """What is known of the objects' contents."""
        return {each.key: each.digest for each in (self.thumbnail, self.preview, self.card) if each is not None}


@frozen(kw_only=True)
class MissingRenditions:
    """A picture without renditions, and how often the maintenance task has tried to make them."""

    of: Pictured
    attempts: int
