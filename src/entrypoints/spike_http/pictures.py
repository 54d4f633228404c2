"""Pictures inside JSON: base64 (RFC 4648, section 4), with or without the prefix of a `data:` URL (RFC 2397)."""

import base64
import binascii
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
from spike_core.domain.objects import PictureFormat
from spike_core.services.intake import Offer
from spike_http import long_texts
from spike_http.bodies import BodyTooLarge, MalformedBody, check_is_json, string_field
from spike_http.idempotency import note_payload
from spike_http.long_texts import BLOCK_BYTES, LongText, TooMuchBeside

_BASE64_CHARS_MAX: Final = (SOURCE_BYTES_MAX + 2) // 3 * 4
PICTURE_JSON_BYTES_MAX: Final = _BASE64_CHARS_MAX + 512 * 1024  # line breaks, and the fields beside the picture
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

_DATA_URL: Final = re.compile(r"data:([a-zA-Z0-9.+/-]*);base64,")
_ALIASES: Final = {"image/jpg": "image/jpeg"}
_WHITESPACE: Final = b" \t\r\n"
_END_CHARS: Final = 8  # so many are decoded together, whatever comes: there is the padding
_PREFIX_BYTES_MAX: Final = 256  # of a `data:` URL with a type that anybody knows


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
    prefix = _DATA_URL.match(_beginning(text))
    if prefix and _plain(prefix[1]) != said:
        raise InvalidValue(what="mimeType", rule=f"must agree with the prefix of {field}")
    try:
        content = _decoded(text, begin=prefix.end() if prefix else 0)
    except (ValueError, binascii.Error) as error:  # ValueError: characters beyond ASCII
        raise InvalidValue(what=field, rule="must be base64") from error
    return Offer(content=content, media_type=said)


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
        content = text.another_file()
        _decode(text.file, into=content)
        content.seek(0)
        return content
    characters = text[begin:].encode("ascii").translate(None, _WHITESPACE)
    return io.BytesIO(base64.b64decode(characters, validate=True))


def _decode(encoded: BinaryIO, *, into: BinaryIO) -> None:
    left = b""
    while block := encoded.read(BLOCK_BYTES):
        characters = left + block.translate(None, _WHITESPACE)
        ready = max(0, len(characters) // 4 * 4 - _END_CHARS)
        piece, left = characters[:ready], characters[ready:]
        if b"=" in piece:
            raise ValueError("there is more behind the padding")
        into.write(base64.b64decode(piece, validate=True))
    into.write(base64.b64decode(left, validate=True))


def _plain(media_type: str) -> str:
    lower = media_type.strip().lower()
    return _ALIASES.get(lower, lower)
