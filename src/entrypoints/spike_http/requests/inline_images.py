"""Pictures inside JSON: base64, with or without the prefix of a `data:` URL (RFC 2397)."""

import hashlib
import io
import json
import re
import string
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, Final, TypeVar, cast

from spike_core.domain.errors import (
    AnimatedPicture,
    EmptyFile,
    InvalidValue,
    MultiplePages,
    TooManyPixels,
    TooSlowToDecode,
    UndecodablePicture,
    UnknownPictureFormat,
    UnsupportedPicture,
)
from spike_core.domain.limits import UploadLimits
from spike_core.domain.media_types import canonical_media_type
from spike_core.domain.objects import PictureFormat
from spike_core.services.ingest import InlineImage
from spike_http.bulkhead import Place
from spike_http.context import Request
from spike_http.idempotency import note_payload
from spike_http.requests.base64_text import BLOCK_BYTES, decode
from spike_http.requests.body_sizes import BESIDE_BYTES_MAX, picture_json_bytes_max
from spike_http.requests.errors import BodyTooLarge, MalformedBody
from spike_http.requests.json_bodies import JSON_BYTES_MAX, check_is_json, refuse_constant, string_field

Body = TypeVar("Body")

BASE64_NOTE: Final = (
    "The image in the standard or the URL-safe base64 alphabet, with or without padding. White space and the prefix of "
    "a `data:` URL are accepted."
)
MEDIA_TYPES: Final = frozenset(format_.media_type for format_ in PictureFormat)

# errors of a picture, whatever its source
PICTURE_ERRORS: Final = (
    EmptyFile,
    UnknownPictureFormat,
    UnsupportedPicture,
    UndecodablePicture,
    TooSlowToDecode,
    AnimatedPicture,
    MultiplePages,
    TooManyPixels,
)

# RFC 2397, section 3: a type, parameters such as `charset=utf-8` or `name=x.png`, and finally `base64`
_DATA_URL: Final = re.compile(r"\s*data:([^;,]*)(?:;[^;,]*)*;\s*base64\s*,", re.IGNORECASE | re.ASCII)
_BASE64_AND_BLANKS: Final = (string.ascii_letters + string.digits + "+/-_=\\ \t\r\n").encode()  # \ escapes a slash
_BEYOND_ASCII: Final = re.compile(rb"(?<!\\)(\\*+)([\x80-\xff]+)")  # with the preceding backslashes
# One thread instead of a semaphore, since malloc keeps memory for each thread that has parsed a large body.
_PARSER: Final = ThreadPoolExecutor(1, thread_name_prefix="json")
_PREFIX_CHARS_MAX: Final = 1024  # of a `data:` URL: its parameters may hold a file name


@contextmanager
def json_with_picture(
    req: Request,
    parse: Callable[[Mapping[str, object], ExitStack], Body],
    *,
    place: Place,
    limits: UploadLimits,
) -> Iterator[Body]:
    """Parse a body that is a JSON object and may contain a picture, and yield the result of `parse`.

    One large body at a time is in memory, and takes the place while it waits for that: `parse` decodes the picture into
    a file on the stack it is given, which is closed with the context.

    Raises:
        ServerBusy: the body is large, and there is no place.
        HTTPUnsupportedMediaType: its content type isn't JSON.
        BodyTooLarge, MalformedBody: the body isn't valid.
    """
    size_bytes = req.content_length or 0
    bytes_max = picture_json_bytes_max(limits)
    if size_bytes > bytes_max:
        raise BodyTooLarge
    if size_bytes > JSON_BYTES_MAX:
        place.take()
    with ExitStack() as files:
        with _temporary_file() as received:
            _receive(req, received, bytes_max=bytes_max)
            if size_bytes > JSON_BYTES_MAX:
                body = _PARSER.submit(lambda: parse(_object(received), files)).result()
            else:
                body = parse(_object(received), files)
        yield body


def json_value(req: Request, *, place: Place, limits: UploadLimits) -> object:
    """Return the body, which may be any JSON and contain a picture. A large one takes the place, as above.

    Raises:
        ServerBusy, HTTPUnsupportedMediaType, BodyTooLarge, MalformedBody: as `json_with_picture`.
    """
    size_bytes, bytes_max = req.content_length or 0, picture_json_bytes_max(limits)
    if size_bytes > bytes_max:
        raise BodyTooLarge
    if size_bytes > JSON_BYTES_MAX:
        place.take()
    with _temporary_file() as received:
        _receive(req, received, bytes_max=bytes_max)
        if size_bytes > JSON_BYTES_MAX:
            return _PARSER.submit(lambda: _value(received)).result()
        return _value(received)


def _receive(req: Request, file: BinaryIO, *, bytes_max: int) -> None:
    digest, size_bytes = hashlib.sha256(), 0
    while block := req.bounded_stream.read(BLOCK_BYTES):
        if not size_bytes:
            check_is_json(req)
        size_bytes += len(block)
        if size_bytes > bytes_max:
            raise BodyTooLarge
        digest.update(block)
        file.write(block)
    note_payload(req, digest.digest())
    file.seek(0)


def _object(file: BinaryIO) -> Mapping[str, object]:
    body = _value(file)
    if not isinstance(body, dict):
        raise MalformedBody
    return body


def _value(file: BinaryIO) -> object:
    try:
        return parse_json(file)
    except (ValueError, RecursionError) as error:
        raise MalformedBody from error


def parse_json(file: BinaryIO) -> object:
    """Parse JSON (RFC 8259), using about twice its size in memory.

    A parsed value of many small parts takes twenty times its text, and a string with one emoji four times. So at most
    `BESIDE_BYTES_MAX` bytes may be other than base64 and white space, and non-ASCII characters are parsed as escapes.

    Raises:
        ValueError, RecursionError: it isn't JSON.
        BodyTooLarge: it has too many bytes other than base64.
    """
    content = file.read()
    encoding = json.detect_encoding(content)
    if encoding != "utf-8":
        content = content.decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")
    if len(content.translate(None, _BASE64_AND_BLANKS)) > BESIDE_BYTES_MAX:
        raise BodyTooLarge
    if not content.isascii():
        content = _BEYOND_ASCII.sub(_escaped, content)
    text = content.decode("ascii")
    del content  # before the value is built, since both are as large as the picture
    parsed: object = json.loads(text, parse_constant=refuse_constant)
    return parsed


def _escaped(match: re.Match[bytes]) -> bytes:
    """Return non-ASCII characters as escapes.

    Raises:
        ValueError: the first one follows a backslash, which JSON doesn't allow.
    """
    if len(match[1]) % 2:
        raise ValueError("a non-ASCII character can't be escaped by a backslash")
    return match[1] + json.dumps(match[2].decode("utf-8", "surrogatepass"))[1:-1].encode("ascii")


def _temporary_file() -> BinaryIO:
    """Return a temporary file that is kept in memory while it is small."""
    return cast("BinaryIO", tempfile.SpooledTemporaryFile(BLOCK_BYTES))


def parse_inline_image(
    encoded: object,
    *,
    media_type: object,
    field: str,
    files: ExitStack,
    media_types: Collection[str] = MEDIA_TYPES,
) -> InlineImage:
    """Return the picture in a field, as a file that is closed with `files`; its bytes aren't validated.

    Raises:
        InvalidValue: it isn't base64; its type is missing, isn't one of `media_types`, or differs from the prefix's.
        SourceTooLarge: it is larger than any acceptable picture.
    """
    text = string_field(field, encoded)
    if media_type is None:
        raise InvalidValue(what="mimeType", rule=f"must come with {field}")
    said = canonical_media_type(string_field("mimeType", media_type))
    if said not in media_types:
        raise InvalidValue(what="mimeType", rule=f"must be one of {', '.join(sorted(media_types))}")
    prefix = _DATA_URL.match(text[:_PREFIX_CHARS_MAX])
    if prefix and canonical_media_type(prefix[1]) != said:
        raise InvalidValue(what="mimeType", rule=f"must agree with the prefix of {field}")
    try:
        content = files.enter_context(_temporary_file())
        decode(io.BytesIO(text[prefix.end() if prefix else 0 :].encode("ascii")), into=content)
        content.seek(0)
    except ValueError as error:  # also for non-ASCII characters
        raise InvalidValue(what=field, rule="must be base64") from error
    return InlineImage(content=content, media_type=said)
