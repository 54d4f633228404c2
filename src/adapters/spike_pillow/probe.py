"""The image probe: what a picture's bytes are, decoded to the last one."""

import threading
from typing import BinaryIO, Final

from attrs import field, frozen, validators

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UndecodablePicture
from spike_core.domain.images import PictureFacts
from spike_pictures.opening import OpenedPicture, opened_picture, pillow_errors
from spike_pictures.orientation import Turn
from spike_pillow.look import DRAFT_SIDE_PX, Look
from spike_pillow.metadata import tells_place

DECODES_AT_ONCE: Final = 2


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
                    return _facts(data, picture)
            except MemoryError as error:  # Pillow says so of sizes that make no sense, too
                raise UndecodablePicture from error


def _facts(data: bytes, picture: OpenedPicture) -> PictureFacts:
    file = picture.file
    announced = file.size
    with pillow_errors():
        # all of a JPEG's bytes are read for a smaller picture too; others know no draft
        is_draft = file.draft(None, (DRAFT_SIDE_PX, DRAFT_SIDE_PX)) is not None
        file.load()
        # decoding turns a TIFF, so that what was announced may be out of date
        turn = Turn.of(file)
        size = turn.seen(announced if is_draft else file.size)
        look = Look.at(file, turn)
        return PictureFacts(
            format=picture.format,
            dimensions=Dimensions(width_px=size[0], height_px=size[1]),
            is_blank=look.is_blank,
            colours=look.colours,
            has_location=tells_place(data, picture),
        )
