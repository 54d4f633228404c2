"""The metadata port: what a file tells beside its picture."""

from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol


class Metadata(Protocol):
    """Takes metadata out of pictures, and puts harmless ones into results."""

    def public(self, content: BinaryIO) -> AbstractContextManager[BinaryIO]:
        """Open the picture as everybody may have it, seekable, in the same format; `content` is rewound afterwards.

        Nothing is left in it but what it takes to show it: pixels, their color profile and how they are turned. JPEG,
        PNG, WebP, GIF and HEIC keep their pixels bit for bit.

        Raises:
            UnacceptablePicture: it can't be decoded.
        """

    def with_metadata(self, picture: bytes, *, original: BinaryIO) -> bytes:
        """Return a result with what the original tells of camera, exposure, date, author and rights, never of a place.

        Texts are kept whole, in whatever encoding they have, or left out. The result's pixels stay bit for bit; so does
        all of it where the original tells nothing, or can't be read, or where the result's format can't carry it.
        `original` is rewound afterwards.
        """
