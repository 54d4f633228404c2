"""Media types as programs write them (RFC 2045, section 5.1): in any case, with parameters, by other names."""

from typing import Final

_OTHER_NAMES: Final = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/x-tiff": "image/tiff",
    "image/heif": "image/heic",
}


def canonical_media_type(text: str) -> str:
    """Return type and subtype in lower case, without parameters, by the name that Spike uses."""
    essence = text.partition(";")[0].strip().lower()
    return _OTHER_NAMES.get(essence, essence)
