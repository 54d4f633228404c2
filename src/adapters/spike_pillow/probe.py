"""The image probe: what a picture's bytes are, and whether they can be decoded to the last one."""

import contextlib
import threading
from collections.abc import Callable
from typing import BinaryIO, Final, TypeVar

from attrs import field, frozen, validators
from PIL.Image import Image

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UndecodablePicture, UpscalerUnavailable
from spike_core.domain.fidelity import Comparison
from spike_core.domain.images import PictureFacts, PictureIdentity
from spike_core.domain.objects import PictureFormat
from spike_imaging.decoding import decoded_for
from spike_imaging.formats import format_of
from spike_imaging.open import OpenedPicture, opened_picture
from spike_imaging.tiff_second_opinion import second_opinion
from spike_pillow.appearance import DRAFT_SIDE_PX, Appearance
from spike_pillow.baseline_jpeg import NotPlain, head_of
from spike_pillow.containers import BrokenContainer, parts_of
from spike_pillow.metadata import parts_tell_place, tells_place
from spike_pillow.visibility import FLAT_LOSSLESS_MAX, FLAT_MAX, is_blank

DECODES_AT_ONCE: Final = 2
_LOSSLESS: Final = (PictureFormat.PNG, PictureFormat.GIF, PictureFormat.TIFF)  # of 8 bits, or JPEG within: no matter

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
        """Return what the picture is; see the port. A plain JPEG isn't decoded: see `spike_pillow.baseline_jpeg`."""
        return self._found(content, _identity)

    def inspect(self, content: BinaryIO) -> PictureFacts:
        """Decode the whole picture and return what it is; see the port."""
        return self._found(content, _facts)

    def compare(self, result: BinaryIO, original: BinaryIO) -> Comparison:
        """Decode both and return how a result differs from its original; see the port.

        Measured for 50 megapixels and a result of 17: JPEG and PNG 430 MB, with alpha 520 MB, WebP 830 MB, and up to
        three seconds; for a JPEG and a result of 1024 pixels a side 0.15 s.
        """
        from spike_pillow.fidelity import compared  # noqa: PLC0415  # numpy isn't for processes that only store

        with self._slots:
            try:
                pictures = [content.read() for content in (result, original)]
            finally:
                result.seek(0)
                original.seek(0)
            try:
                made = _result_for_comparison(pictures[0])
                return compared(made, _original_for_comparison(pictures[1], made.size))
            except MemoryError as error:  # both were decoded before, so it is none of their doing
                raise UpscalerUnavailable from error

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
    return _looked_at(data, picture)[0]


def _identity_of_jpeg(data: bytes, picture: OpenedPicture) -> PictureIdentity:
    """Return what a plain JPEG is.

    Raises:
        BrokenContainer, NotPlain: it isn't one.
        UndecodablePicture: its head can't be decoded.
    """
    parts = list(parts_of(data, PictureFormat.JPEG))
    head = head_of(parts)
    with opened_picture(head) as first_rows:
        _looked_at(head, first_rows)
    size = picture.upright_size
    return PictureIdentity(
        format=PictureFormat.JPEG,
        dimensions=Dimensions(width_px=size[0], height_px=size[1]),
        has_location=parts_tell_place(parts),
    )


def _facts(data: bytes, picture: OpenedPicture) -> PictureFacts:
    identity, look = _looked_at(data, picture)
    return PictureFacts(
        format=identity.format,
        dimensions=identity.dimensions,
        is_blank=look.seems_blank and _is_blank(data),
        colors=look.colors,
        has_location=identity.has_location,
    )


def _looked_at(data: bytes, picture: OpenedPicture) -> tuple[PictureIdentity, Appearance]:
    decoded = picture.decode(at_least=(DRAFT_SIDE_PX, DRAFT_SIDE_PX))  # all of a JPEG's bytes are read nevertheless
    size = decoded.upright_size
    identity = PictureIdentity(
        format=picture.format,
        dimensions=Dimensions(width_px=size[0], height_px=size[1]),
        has_location=tells_place(data, picture.format),
    )
    return identity, Appearance.at(decoded)


def _is_blank(data: bytes) -> bool:
    """Tell whether a picture that seems blank from afar is so in each pixel, decoded anew at its full size."""
    with opened_picture(data) as picture:
        flat_max = FLAT_LOSSLESS_MAX if picture.format in _LOSSLESS else FLAT_MAX
        return is_blank(picture.decode().image, flat_max=flat_max)


def _result_for_comparison(data: bytes) -> Image:
    """Return a result at its own size, upright, RGB or RGBA in sRGB."""
    with opened_picture(data) as picture:
        return picture.decode().srgb()


def _original_for_comparison(data: bytes, size: tuple[int, int]) -> Image:
    """Return an original, upright, RGB or RGBA in sRGB; it may be reduced, to no less than this size.

    A TIFF is decoded by another reader than the engines', where that is known to be right: else the comparison would
    share its mistakes.
    """
    if format_of(data) is PictureFormat.TIFF:
        with second_opinion(data) as other:
            return other.decode().srgb()
    return decoded_for(data, size)
