"""Normalization of media types (RFC 2045, section 5.1): case, parameters and unofficial names."""

from typing import Final

_OTHER_NAMES: Final = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/x-tiff": "image/tiff",
    "image/heif": "image/heic",
}


def canonical_media_type(text: str) -> str:
    """Return type and subtype in lower case, without parameters, with unofficial names replaced."""
    essence = text.partition(";")[0].strip().lower()
    return _OTHER_NAMES.get(essence, essence)
