"""Media types as programs write them (RFC 2045, section 5.1): in any case, with parameters, by older names."""

from typing import Final

_OLDER_NAMES: Final = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/x-tiff": "image/tiff",
}


def canonical_media_type(text: str) -> str:
    """Return type and subtype in lower case, without parameters, by the name that IANA lists."""
    essence = text.partition(";")[0].strip().lower()
    return _OLDER_NAMES.get(essence, essence)
