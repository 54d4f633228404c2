"""Resolution: the pixels per inch that a file says its picture is shown at."""

import io
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, TypeAlias

from PIL.AvifImagePlugin import AvifImageFile
from PIL.ExifTags import Base
from PIL.Image import Exif
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from spike_core.domain.objects import PictureFormat
from spike_imaging.formats import format_of

Resolution: TypeAlias = tuple[float, float]  # across and down, in pixels per inch

_MIN: Final = 2.0  # a TIFF of 1 says that it has none
_MAX: Final = 65_535.0  # that a JPEG can say
_PER_CENTIMETER: Final = 3
_INCHES: Final = 2.54  # centimeters
_READERS: Final[Mapping[PictureFormat, type[ImageFile]]] = {
    PictureFormat.JPEG: JpegImageFile,
    PictureFormat.PNG: PngImageFile,
    PictureFormat.WEBP: WebPImageFile,
    PictureFormat.AVIF: AvifImageFile,
    PictureFormat.TIFF: TiffImageFile,
}


def resolution_of(data: bytes) -> Resolution | None:
    """Return the resolution in a file's header; `None` if it has none, a nonsensical one, or is a GIF or HEIC."""
    with suppress(Exception):  # a header may be malformed in many ways; the picture may be fine
        reader = _READERS.get(format_of(data))
        if reader is None:
            return None
        with reader(io.BytesIO(data)) as file:
            return _plausible(file.info.get("dpi") or _in_exif(file.info.get("exif")))
    return None


def exif_of(resolution: Resolution) -> Exif:
    """Return EXIF that says the resolution alone (CIPA DC-008, 4.6.5.1)."""
    exif = Exif()
    exif[Base.XResolution], exif[Base.YResolution] = resolution
    exif[Base.ResolutionUnit] = 2  # inches
    return exif


def _in_exif(block: object) -> tuple[float, float] | None:
    if not isinstance(block, bytes):
        return None
    exif = Exif()
    exif.load(block)
    factor = _INCHES if exif.get(Base.ResolutionUnit) == _PER_CENTIMETER else 1.0
    return float(exif[Base.XResolution]) * factor, float(exif[Base.YResolution]) * factor


def _plausible(dpi: object) -> Resolution | None:
    if not isinstance(dpi, tuple):
        return None
    across, down = (float(each) for each in dpi)
    return (across, down) if _MIN <= min(across, down) <= max(across, down) <= _MAX else None
