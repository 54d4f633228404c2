"""Pictures inside JSON: base64 (RFC 4648, section 4), with or without the prefix of a `data:` URL (RFC 2397)."""

import base64
import binascii
import io
import re
from collections.abc import Collection
from typing import Final

from spike_core.domain.errors import (
    AnimatedPicture,
    EmptyFile,
    InvalidValue,
    SourceTooLarge,
    TooManyPixels,
    UndecodablePicture,
    UnknownPictureFormat,
)
from spike_core.domain.limits import SOURCE_BYTES_MAX
from spike_core.domain.objects import PictureFormat
from spike_core.services.intake import Offer
from spike_http.bodies import string_field

_BASE64_CHARS_MAX: Final = (SOURCE_BYTES_MAX + 2) // 3 * 4
PICTURE_JSON_BYTES_MAX: Final = _BASE64_CHARS_MAX + 512 * 1024  # line breaks, and the fields beside the picture
MEDIA_TYPES: Final = frozenset(format_.media_type for format_ in PictureFormat)

# what may be wrong with a picture, wherever it comes from
PICTURE_TROUBLES: Final = (EmptyFile, UnknownPictureFormat, UndecodablePicture, AnimatedPicture, TooManyPixels)

_DATA_URL: Final = re.compile(r"data:([a-zA-Z0-9.+/-]*);base64,")
_ALIASES: Final = {"image/jpg": "image/jpeg"}
_WHITESPACE: Final = {ord(character): None for character in " \t\r\n"}


def offered_picture(
    encoded: object, *, media_type: object, field: str, media_types: Collection[str] = MEDIA_TYPES
) -> Offer:
    """Return the picture that a field holds. What it really is, the bytes will tell.

    Raises:
        InvalidValue: it isn't base64, its type isn't said or isn't one of `media_types`, or a prefix says another.
        SourceTooLarge: it is longer than any acceptable picture.
    """
    text = string_field(field, encoded)
    if media_type is None:
        raise InvalidValue(what="mimeType", rule=f"must come with {field}")
    said = _plain(string_field("mimeType", media_type))
    if said not in media_types:
        raise InvalidValue(what="mimeType", rule=f"must be one of {', '.join(sorted(media_types))}")
    if prefix := _DATA_URL.match(text):
        if _plain(prefix[1]) != said:
            raise InvalidValue(what="mimeType", rule=f"must agree with the prefix of {field}")
        text = text[prefix.end() :]
    if len(text) > PICTURE_JSON_BYTES_MAX:
        raise SourceTooLarge
    try:
        content = base64.b64decode(text.translate(_WHITESPACE), validate=True)
    except (ValueError, binascii.Error) as error:  # ValueError: characters beyond ASCII
        raise InvalidValue(what=field, rule="must be base64") from error
    return Offer(content=io.BytesIO(content), media_type=said)


def _plain(media_type: str) -> str:
    lower = media_type.strip().lower()
    return _ALIASES.get(lower, lower)
