"""The probe: what a picture file is, and whether it can be decoded completely."""

import contextlib
import threading
from collections.abc import Callable
from typing import BinaryIO, Final, TypeVar

from attrs import field, frozen, validators
from PIL.Image import Image

from spike_core.domain.catalog import RESULT_PIXELS_MAX
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UndecodablePicture, UpscalerUnavailable
from spike_core.domain.fidelity import Comparison
from spike_core.domain.images import PictureFacts, PictureIdentity
from spike_core.domain.limits import ACCEPTED_PIXELS_MAX, PICTURE_PIXELS_MAX
from spike_core.domain.objects import PictureFormat
from spike_imaging.decoding import decoded_for, on_white
from spike_imaging.formats import format_of
from spike_imaging.limits import allowing
from spike_imaging.open import OpenedPicture, opened_picture
from spike_imaging.tiff_cross_check import second_opinion
from spike_pillow.appearance import DRAFT_SIDE_PX, Appearance
from spike_pillow.baseline_jpeg import NotBaseline, head_of
from spike_pillow.containers import BrokenContainer, parts_of
from spike_pillow.metadata import has_location, parts_have_location
from spike_pillow.visibility import FLAT_LOSSLESS_MAX, FLAT_MAX, is_blank

DECODES_AT_ONCE: Final = 2
# TIFF may contain JPEG, which makes no difference here
_LOSSLESS: Final = (PictureFormat.PNG, PictureFormat.GIF, PictureFormat.TIFF)

_Found = TypeVar("_Found")


@frozen(kw_only=True, eq=False)
class PillowProbe:
    """Checks pictures with Pillow.

    At most `decodes_at_once` pictures are decoded at a time; others wait. Measured memory of a decode in bytes per
    pixel: JPEG less than 1 (it is decoded at an eighth of its size), progressive 6; GIF 1, PNG 5, TIFF 7, or 15 with 16
    bits, AVIF and HEIC 9, WebP 15, deep HEIC 19. The largest picture accepted by default takes up to 950 MB.
    """

    decodes_at_once: int = field(default=DECODES_AT_ONCE, validator=validators.ge(1))
    pixels_max: int = field(default=PICTURE_PIXELS_MAX, validator=validators.ge(1))  # of a picture to identify
    _slots: threading.Semaphore = field(init=False, repr=False)

    @_slots.default
    def _all_free(self) -> threading.Semaphore:
        return threading.BoundedSemaphore(self.decodes_at_once)

    def identify(self, content: BinaryIO) -> PictureIdentity:
        """Identify the picture; see the port. Of a baseline JPEG only the head is decoded: see `baseline_jpeg`."""
        with allowing(self.pixels_max):
            return self._found(content, _identity)

    def inspect(self, content: BinaryIO, *, pixels_max: int = PICTURE_PIXELS_MAX) -> PictureFacts:
        """Decode the whole picture and describe it; see the port."""
        with allowing(pixels_max):
            return self._found(content, _facts)

    def compare(self, result: BinaryIO, original: BinaryIO) -> Comparison:
        """Decode both and compare the result with its original; see the port.

        Measured for 50 megapixels and a result of 17: JPEG and PNG 430 MB, with alpha 520 MB, WebP 830 MB, and up to
        three seconds; for a JPEG and a result of 1024 pixels a side 0.15 s.
        """
        from spike_pillow.fidelity import compared  # noqa: PLC0415  # processes that only store don't need numpy

        with self._slots:
            try:
                pictures = [content.read() for content in (result, original)]
            finally:
                result.seek(0)
                original.seek(0)
            try:
                made = _result_for_comparison(pictures[0])
                source = _original_for_comparison(pictures[1], made.size)
                # a JPEG has no transparency: what was ordered as one is compared with the original on white
                return compared(made, on_white(source) if format_of(pictures[0]) is PictureFormat.JPEG else source)
            except MemoryError as error:  # both were decoded before, so they aren't the cause
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
            except MemoryError as error:  # Pillow raises it for nonsensical sizes, too
                raise UndecodablePicture from error


def _identity(data: bytes, picture: OpenedPicture) -> PictureIdentity:
    if picture.format is PictureFormat.JPEG:
        with contextlib.suppress(BrokenContainer, NotBaseline, UndecodablePicture):  # then it is decoded completely
            return _identity_of_jpeg(data, picture)
    return _decoded(data, picture)[0]


def _identity_of_jpeg(data: bytes, picture: OpenedPicture) -> PictureIdentity:
    """Identify a baseline JPEG.

    Raises:
        BrokenContainer, NotBaseline: it isn't one.
        UndecodablePicture: its head can't be decoded.
    """
    parts = list(parts_of(data, PictureFormat.JPEG))
    head = head_of(parts)
    with opened_picture(head) as first_rows:
        _decoded(head, first_rows)
    size = picture.upright_size
    return PictureIdentity(
        format=PictureFormat.JPEG,
        dimensions=Dimensions(width_px=size[0], height_px=size[1]),
        has_location=parts_have_location(parts),
    )


def _facts(data: bytes, picture: OpenedPicture) -> PictureFacts:
    identity, appearance = _decoded(data, picture)
    return PictureFacts(
        format=identity.format,
        dimensions=identity.dimensions,
        is_blank=appearance.seems_blank and _is_blank(data),
        colors=appearance.colors,
        has_location=identity.has_location,
    )


def _decoded(data: bytes, picture: OpenedPicture) -> tuple[PictureIdentity, Appearance]:
    decoded = picture.decode(at_least=(DRAFT_SIDE_PX, DRAFT_SIDE_PX))  # all of a JPEG's bytes are read nevertheless
    size = decoded.upright_size
    identity = PictureIdentity(
        format=picture.format,
        dimensions=Dimensions(width_px=size[0], height_px=size[1]),
        has_location=has_location(data, picture.format),
    )
    return identity, Appearance.at(decoded)


def _is_blank(data: bytes) -> bool:
    """Return whether a picture that seems blank in low resolution is so in every pixel; decodes it in full size."""
    with opened_picture(data) as picture:
        flat_max = FLAT_LOSSLESS_MAX if picture.format in _LOSSLESS else FLAT_MAX
        return is_blank(picture.decode().image, flat_max=flat_max)


def _result_for_comparison(data: bytes) -> Image:
    """Return a result in its own size, upright, RGB or RGBA in sRGB."""
    with allowing(RESULT_PIXELS_MAX), opened_picture(data) as picture:
        return picture.decode().srgb()


def _original_for_comparison(data: bytes, size: tuple[int, int]) -> Image:
    """Return an original, upright, RGB or RGBA in sRGB; it may be reduced, but not below this size.

    A TIFF is decoded by another reader than the engines use, if that one is known to be correct; otherwise the
    comparison would share the engines' errors.
    """
    if format_of(data) is PictureFormat.TIFF:
        with allowing(ACCEPTED_PIXELS_MAX), second_opinion(data) as other:
            return other.decode().srgb()
    return decoded_for(data, size)
