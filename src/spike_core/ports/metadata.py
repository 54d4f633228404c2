"""The metadata port: what a file contains besides its pixels."""

from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol


class Metadata(Protocol):
    """Removes metadata from pictures, and copies harmless metadata to results."""

    def public(self, content: BinaryIO) -> AbstractContextManager[BinaryIO]:
        """Open the public version of a picture, seekable, in the same format; `content` is rewound afterwards.

        It contains only what is needed to display it: pixels, color profile and orientation. The pixels of JPEG, PNG,
        WebP, GIF and HEIC files stay bit-identical.

        Raises:
            UnacceptablePicture: it can't be decoded.
        """

    def with_metadata(self, picture: bytes, *, original: BinaryIO) -> bytes:
        """Return a result with the original's metadata on camera, exposure, date, author and rights, not its location.

        Texts of any encoding are copied whole or not at all. The result's pixels stay bit-identical; the whole file
        does if the original has no such metadata, can't be read, or if the result's format can't carry it. `original`
        is rewound afterwards.
        """
