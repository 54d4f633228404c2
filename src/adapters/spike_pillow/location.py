"""Location: whether a picture's metadata tell where it was taken."""

import re
from typing import Final

from PIL.ExifTags import GPS, IFD
from PIL.Image import Image

_XMP_FIELDS: Final = ("xmp", "XML:com.adobe.xmp", "Raw profile type xmp", "photoshop")
_XMP_PLACE: Final = re.compile(rb"GPSLatitude|GPSLongitude|LocationShown|LocationCreated")


def tells_location(picture: Image) -> bool:
    """Return whether EXIF has coordinates (EXIF 2.32, GPS IFD) or XMP a place. What can't be read counts as telling."""
    try:
        gps = picture.getexif().get_ifd(IFD.GPSInfo)
        if GPS.GPSLatitude in gps or GPS.GPSLongitude in gps:
            return True
        return any(_XMP_PLACE.search(_bytes_of(picture.info[name])) for name in _XMP_FIELDS if name in picture.info)
    except Exception:  # noqa: BLE001  # metadata are anybody's bytes; if we can't read them, others may
        return True


def _bytes_of(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
