"""TIFF pictures, read by their tags, since Pillow misinterprets many variants (docs/decisions/0050)."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from attrs import frozen

from spike_core.domain.errors import SpikeError, UndecodablePicture
from spike_core.domain.objects import PictureFormat
from spike_imaging.camera_raw import refuse_raw_tiff
from spike_imaging.decoded import Decoded
from spike_imaging.orientation import Turn
from spike_imaging.tiff_tags import Tag

if TYPE_CHECKING:
    from spike_imaging.tiff_directory import Directory
    from spike_imaging.tiff_layout import Layout


@frozen(eq=False)
class TiffPicture:
    """A TIFF file's picture: its tags are checked, its pixels aren't decoded yet."""

    page: "Directory"
    layout: "Layout"
    is_only_page: bool  # of the file

    @property
    def format(self) -> PictureFormat:
        """Return TIFF."""
        return PictureFormat.TIFF

    @classmethod
    @contextmanager
    def opened(cls, data: bytes) -> Iterator["TiffPicture"]:
        """Find the file's picture and check it.

        Raises:
            MultiplePages, TooManyPixels, UnsupportedPicture, UndecodablePicture: see `ImageProbe.inspect`.
        """
        # tifffile, numpy and the codecs take a while to load, and most pictures aren't TIFF
        from spike_imaging.tiff_directory import opened_directories  # noqa: PLC0415
        from spike_imaging.tiff_layout import layout_of  # noqa: PLC0415
        from spike_imaging.tiff_pages import picture_page  # noqa: PLC0415

        with ExitStack() as stack:
            with _errors():
                directories = stack.enter_context(opened_directories(data))
                refuse_raw_tiff(directories)
                page = picture_page(directories)
                picture = cls(page, layout_of(page), is_only_page=len(directories.all) == 1)
            yield picture

    @property
    def turn(self) -> Turn:
        """Return the orientation; `NONE` if the tag is invalid."""
        try:
            return Turn(self.page.integer(Tag.ORIENTATION, 1))
        except (ValueError, UndecodablePicture):
            return Turn.NONE

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height in pixels, upright."""
        return self.turn.oriented((self.layout.width_px, self.layout.height_px))

    def decode(self, *, at_least: tuple[int, int] | None = None) -> Decoded:  # noqa: ARG002  # there is no draft mode
        """Decode the pixels; see `OpenedPicture`.

        Memory in addition to the file, in bytes per pixel: RGB 7, or 12 with 16 bits; RGBA 8, or 15.
        """
        from spike_imaging.tiff_colors import pixels_of  # noqa: PLC0415
        from spike_imaging.tiff_raster import samples_of  # noqa: PLC0415

        with _errors():
            pixels = pixels_of(samples_of(self.page, self.layout), self.layout, self.page)
        size = (self.layout.width_px, self.layout.height_px)
        return Decoded(image=pixels.image, full_size=size, profile=pixels.profile, turn=self.turn)


@contextmanager
def _errors() -> Iterator[None]:
    """Translate the errors of numpy and codecs on malformed bytes; `SpikeError` and `MemoryError` pass through.

    Raises:
        UndecodablePicture: any other error.
    """
    try:
        yield
    except (SpikeError, MemoryError):
        raise
    except Exception as error:  # each codec has its own, and numpy has many
        raise UndecodablePicture from error
