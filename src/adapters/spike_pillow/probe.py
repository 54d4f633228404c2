"""The image probe: what a picture's bytes are, and whether they can be decoded to the last one."""

import contextlib
import threading
from collections.abc import Callable
from typing import BinaryIO, Final, TypeVar

from attrs import field, frozen, validators

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UndecodablePicture
from spike_core.domain.images import PictureFacts, PictureIdentity
from spike_core.domain.objects import PictureFormat
from spike_pictures.opening import OpenedPicture, opened_picture
from spike_pillow.look import DRAFT_SIDE_PX, Look
from spike_pillow.metadata import parts_tell_place, tells_place
from spike_pillow.parts import BrokenContainer, parts_of
from spike_pillow.plain_jpeg import NotPlain, head_of

DECODES_AT_ONCE: Final = 2

_Found = TypeVar("_Found")


@frozen(kw_only=True, eq=False)
class PillowProbe:
    """Judges pictures by Pillow.

    At most `decodes_at_once` pictures are decoded at the same time, others wait. Measured, one takes in bytes per
    pixel: JPEG less than 1 (it is decoded at an eighth of its size), progressive 6; GIF 1, PNG 5, TIFF 7, or 15 with
    16 bits, AVIF and HEIC 9, WebP 15, deep HEIC 19. So the largest allowed picture takes up to 950 MB.
    """

    decodes_at_once: int = field(default=DECODES_AT_ONCE, validator=validators.ge(1))
    _slots: threading.Semaphore = field(init=False, repr=False)

    @_slots.default
    def _all_free(self) -> threading.Semaphore:
        return threading.BoundedSemaphore(self.decodes_at_once)

    def identify(self, content: BinaryIO) -> PictureIdentity:
        """Return what the picture is; see the port. A plain JPEG isn't decoded: see `spike_pillow.plain_jpeg`."""
        return self._found(content, _identity)

    def inspect(self, content: BinaryIO) -> PictureFacts:
        """Decode the whole picture and return what it is; see the port."""
        return self._found(content, _facts)

    def _found(self, content: BinaryIO, find: Callable[[bytes, OpenedPicture], _Found]) -> _Found:
        with self._slots:
            try:
                data = content.read()
            finally:
                content.seek(0)
            try:
                with opened_picture(data) as picture:
                    return find(data, picture)
            except MemoryError as error:  # Pillow says so of sizes that make no sense, too
                raise UndecodablePicture from error


def _identity(data: bytes, picture: OpenedPicture) -> PictureIdentity:
    if picture.format is PictureFormat.JPEG:
        with contextlib.suppress(BrokenContainer, NotPlain, UndecodablePicture):  # then all of it has the say
            return _identity_of_jpeg(data, picture)
    facts = _facts(data, picture)
    return PictureIdentity(format=facts.format, dimensions=facts.dimensions, has_location=facts.has_location)


def _identity_of_jpeg(data: bytes, picture: OpenedPicture) -> PictureIdentity:
    """Return what a plain JPEG is.

    Raises:
        BrokenContainer, NotPlain: it isn't one.
        UndecodablePicture: its head can't be decoded.
    """
    parts = list(parts_of(data, PictureFormat.JPEG))
    head = head_of(parts)
    with opened_picture(head) as first_rows:
        _facts(head, first_rows)
    size = picture.upright_size
    return PictureIdentity(
        format=PictureFormat.JPEG,
        dimensions=Dimensions(width_px=size[0], height_px=size[1]),
        has_location=parts_tell_place(parts),
    )


def _facts(data: bytes, picture: OpenedPicture) -> PictureFacts:
    decoded = picture.decode(at_least=(DRAFT_SIDE_PX, DRAFT_SIDE_PX))  # all of a JPEG's bytes are read nevertheless
    size = decoded.upright_size
    look = Look.at(decoded)
    return PictureFacts(
        format=picture.format,
        dimensions=Dimensions(width_px=size[0], height_px=size[1]),
        is_blank=look.is_blank,
        colours=look.colours,
        has_location=tells_place(data, picture.format),
    )
