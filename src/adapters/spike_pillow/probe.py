"""The image probe: what a picture's bytes are, decoded to the last one."""

import threading
from typing import BinaryIO, Final

from attrs import field, frozen, validators
from PIL.Image import Image, Resampling, merge

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UndecodablePicture
from spike_core.domain.images import PictureFacts
from spike_pillow.bands import band_range
from spike_pillow.location import tells_location
from spike_pillow.opening import OpenedPicture, opened_picture, pillow_errors
from spike_pillow.orientation import Turn

DECODES_AT_ONCE: Final = 2
_LOOK_PX: Final = 256  # a coarse look: about so many pixels on a side
_SPREAD_MAX: Final = 4  # of 255; lossy WebP moves flat pixels by so much
_DEEP_MODES: Final = ("I", "F")


@frozen(kw_only=True, eq=False)
class PillowProbe:
    """Judges pictures by Pillow.

    At most `decodes_at_once` pictures are decoded at the same time, others wait. Measured, one takes in bytes per
    pixel: JPEG less than 1 (it is decoded at an eighth of its size), progressive 6; GIF 1, PNG and TIFF 5, AVIF 9,
    WebP 15. So the largest allowed picture takes up to 750 MB.
    """

    decodes_at_once: int = field(default=DECODES_AT_ONCE, validator=validators.ge(1))
    _slots: threading.Semaphore = field(init=False, repr=False)

    @_slots.default
    def _all_free(self) -> threading.Semaphore:
        return threading.BoundedSemaphore(self.decodes_at_once)

    def inspect(self, content: BinaryIO) -> PictureFacts:
        """Decode the whole picture and return what it is; see the port."""
        with self._slots:
            try:
                data = content.read()
            finally:
                content.seek(0)
            try:
                with opened_picture(data) as picture:
                    return _facts(picture)
            except MemoryError as error:  # Pillow says so of sizes that make no sense, too
                raise UndecodablePicture from error


def _facts(picture: OpenedPicture) -> PictureFacts:
    file = picture.file
    announced = file.size
    with pillow_errors():
        # all of a JPEG's bytes are read for a picture of an eighth of the size too; others know no draft
        is_draft = file.draft(None, (1, 1)) is not None
        file.load()
        # decoding turns a TIFF, so that what was announced may be out of date
        size = Turn.of(file).seen(announced if is_draft else file.size)
        return PictureFacts(
            format=picture.format,
            dimensions=Dimensions(width_px=size[0], height_px=size[1]),
            is_blank=_looks_blank(file),
            has_location=tells_location(file),
        )


def _looks_blank(picture: Image) -> bool:
    if picture.mode in _DEEP_MODES or picture.mode.startswith("I;16"):  # of any range, so no spread is small
        low, high = band_range(picture)
        return low == high
    ranges = [band_range(band) for band in _coarse(picture).split()]
    return all(high - low <= _SPREAD_MAX for low, high in ranges)


def _coarse(picture: Image) -> Image:
    """Return the picture at about `_LOOK_PX` a side; where there is alpha, with the hidden colours gone."""
    factor = (max(1, picture.width // _LOOK_PX), max(1, picture.height // _LOOK_PX))
    match picture.mode:
        case "1":
            return picture.convert("L").reduce(factor)
        case "P" | "PA":  # a mean of palette indices says nothing
            look = (min(picture.width, _LOOK_PX), min(picture.height, _LOOK_PX))
            return picture.resize(look, Resampling.NEAREST).convert("RGBA").convert("RGBa")
        case "LA" | "RGBA":  # band by band: at once, it would take a second copy of all pixels
            bands = [picture.getchannel(band).reduce(factor) for band in picture.getbands()]
            return merge(picture.mode, bands).convert("La" if picture.mode == "LA" else "RGBa")
        case _:
            return picture.reduce(factor)
