"""Pictures inside JSON: base64, with or without the prefix of a `data:` URL (RFC 2397)."""

import hashlib
import io
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO, Final

import falcon

from spike_core.domain.errors import (
    AnimatedPicture,
    EmptyFile,
    InvalidValue,
    MultiplePages,
    TooManyPixels,
    UndecodablePicture,
    UnknownPictureFormat,
    UnsupportedPicture,
)
from spike_core.domain.limits import SOURCE_BYTES_MAX
from spike_core.domain.media_types import canonical_media_type
from spike_core.domain.objects import PictureFormat
from spike_core.services.ingest import InlineImage
from spike_http import long_texts
from spike_http.base64_text import decode
from spike_http.bodies import BodyTooLarge, MalformedBody, check_is_json, string_field
from spike_http.idempotency import note_payload
from spike_http.long_texts import BLOCK_BYTES, LongText, TooMuchBeside

_BASE64_CHARS_MAX: Final = (SOURCE_BYTES_MAX + 2) // 3 * 4
# JSON may write a line end as 4 characters, here after each 76 (RFC 2045), and each slash, one of 64, as 2
_ESCAPED_CHARS_MAX: Final = _BASE64_CHARS_MAX + _BASE64_CHARS_MAX * 4 // 76 + _BASE64_CHARS_MAX // 48
PICTURE_JSON_BYTES_MAX: Final = _ESCAPED_CHARS_MAX + 512 * 1024  # and the fields beside the picture
BASE64_NOTE: Final = (
    "Base64, in the standard or the URL-safe alphabet, padded or not; line breaks, blanks and the prefix of a `data:` "
    "URL are fine."
)
MEDIA_TYPES: Final = frozenset(format_.media_type for format_ in PictureFormat)

# what may be wrong with a picture, wherever it comes from
PICTURE_TROUBLES: Final = (
    EmptyFile,
    UnknownPictureFormat,
    UnsupportedPicture,
    UndecodablePicture,
    AnimatedPicture,
    MultiplePages,
    TooManyPixels,
)

# section 3: a type, parameters such as `charset=utf-8` or `name=x.png`, and last `base64`
_DATA_URL: Final = re.compile(r"\s*data:([^;,]*)(?:;[^;,]*)*;\s*base64\s*,", re.IGNORECASE | re.ASCII)
_PREFIX_BYTES_MAX: Final = 1024  # of a `data:` URL: its parameters may hold a file name


@contextmanager
def json_with_picture(req: falcon.Request) -> Iterator[Mapping[str, object]]:
    """Read a body that is a JSON object and may hold a picture; its long texts live as long as the context.

    Raises:
        HTTPUnsupportedMediaType: it is announced as something else.
        BodyTooLarge, MalformedBody: it isn't one.
    """
    if (req.content_length or 0) > PICTURE_JSON_BYTES_MAX:
        raise BodyTooLarge
    digest = hashlib.sha256()
    with ExitStack() as files:
        try:
            body: Any = long_texts.parse(_blocks(req, digest), files=files)
        except TooMuchBeside as error:
            raise BodyTooLarge from error
        except (ValueError, RecursionError) as error:
            raise MalformedBody from error
        if not isinstance(body, dict):
            raise MalformedBody
        note_payload(req, digest.digest())
        yield body


def _blocks(req: falcon.Request, digest: "hashlib._Hash") -> Iterator[bytes]:
    size_bytes = 0
    while block := req.bounded_stream.read(BLOCK_BYTES):
        if not size_bytes:
            check_is_json(req)
        size_bytes += len(block)
        if size_bytes > PICTURE_JSON_BYTES_MAX:
            raise BodyTooLarge
        digest.update(block)
        yield block


def offered_picture(
    encoded: object, *, media_type: object, field: str, media_types: Collection[str] = MEDIA_TYPES
) -> InlineImage:
    """Return the picture that a field holds. What it really is, the bytes will tell.

    Raises:
        InvalidValue: it isn't base64, its type isn't said or isn't one of `media_types`, or a prefix says another.
        SourceTooLarge: it is longer than any acceptable picture.
    """
    text = string_field(field, encoded)
    if media_type is None:
        raise InvalidValue(what="mimeType", rule=f"must come with {field}")
    said = canonical_media_type(string_field("mimeType", media_type))
    if said not in media_types:
        raise InvalidValue(what="mimeType", rule=f"must be one of {', '.join(sorted(media_types))}")
    prefix = _DATA_URL.match(_beginning(text))
    if prefix and canonical_media_type(prefix[1]) != said:
        raise InvalidValue(what="mimeType", rule=f"must agree with the prefix of {field}")
    try:
        content = _decoded(text, begin=prefix.end() if prefix else 0)
    except ValueError as error:  # characters beyond ASCII among them
        raise InvalidValue(what=field, rule="must be base64") from error
    return InlineImage(content=content, media_type=said)


def _beginning(text: str) -> str:
    if isinstance(text, LongText):
        text.file.seek(0)
        return text.file.read(_PREFIX_BYTES_MAX).decode("latin-1")  # a prefix is ASCII
    return text[:_PREFIX_BYTES_MAX]


def _decoded(text: str, *, begin: int) -> BinaryIO:
    """Return what base64 says from there on; of a long text in a file.

    Raises:
        ValueError: it isn't base64.
    """
    if isinstance(text, LongText):
        text.file.seek(begin)
        encoded, content = text.file, text.another_file()
    else:
        encoded, content = io.BytesIO(text[begin:].encode("ascii")), io.BytesIO()
    decode(encoded, into=content)
    content.seek(0)
    return content
