"""The rendition maker port."""

from typing import BinaryIO, Protocol

from attrs import field, frozen, validators

from spike_core.domain.renditions import THUMBHASH_BYTES_MAX


@frozen(kw_only=True)
class MadeRenditions:
    """The renditions of a picture as files, and its thumbhash."""

    thumbnail: bytes = field(repr=False, validator=validators.min_len(1))
    preview: bytes | None = field(repr=False)  # `None` if the picture is no larger than the thumbnail
    thumbhash: bytes = field(repr=False, validator=[validators.min_len(1), validators.max_len(THUMBHASH_BYTES_MAX)])


class RenditionMaker(Protocol):
    """Makes the renditions of pictures."""

    def make(self, picture: BinaryIO) -> MadeRenditions:
        """Return the picture's renditions as WebP, upright, in sRGB and without metadata; `picture` is rewound.

        The longest side is `THUMBNAIL_SIDE_PX` and `PREVIEW_SIDE_PX`, or the picture's own if that is less.

        Raises:
            UnacceptablePicture: the picture can't be decoded; no further attempt can succeed.
            UpscalerUnavailable: another attempt may succeed.
        """

    def make_card(self, before: BinaryIO, after: BinaryIO) -> bytes:
        """Return two pictures side by side, cropped around their centers, as a JPEG of `CARD_SIZE`; both are rewound.

        The card is in sRGB and without metadata.

        Raises:
            UnacceptablePicture: one can't be decoded; no further attempt can succeed.
            UpscalerUnavailable: another attempt may succeed.
        """
