"""What clients send as multipart forms: one picture, streamed to a temporary file that forgets itself."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, ClassVar, Final, cast

import falcon
from attrs import define, frozen
from falcon.media.multipart import BodyPart, MultipartForm

from spike_core.domain.errors import FileTooLarge, InvalidInput, UnacceptablePicture
from spike_core.domain.identifiers import AlbumId
from spike_core.domain.images import ImageName
from spike_core.domain.limits import UPLOAD_BYTES_MAX
from spike_http.bodies import MalformedBody

FORM_OVERHEAD_BYTES_MAX: Final = 64 * 1024  # part headers and the small fields
FIELD_BYTES_MAX: Final = 1024
_IN_MEMORY_BYTES_MAX: Final = 1024 * 1024
_PIECE_BYTES: Final = 64 * 1024


@frozen
class NoFile(UnacceptablePicture):
    """The form has no part named `file`, or that part is no file."""

    code: ClassVar[str] = "no_file"


@frozen
class RepeatedField(InvalidInput):
    """The form has a field twice; which one is meant?"""

    code: ClassVar[str] = "repeated_field"
    field: str


@define
class _Fields:
    name: ImageName | None = None
    album_id: AlbumId | None = None


@frozen(kw_only=True)
class UploadForm:
    """`POST /api/images/upload`."""

    name: ImageName
    content: BinaryIO
    album_id: AlbumId | None


@contextmanager
def upload_form(req: falcon.Request) -> Iterator[UploadForm]:
    """Read the form; its content lives as long as the context.

    Raises:
        NoFile, RepeatedField, MalformedBody, InvalidFileName, InvalidIdentifier: it isn't an upload.
        FileTooLarge: the body can't hold an acceptable file, or doesn't.
        HTTPUnsupportedMediaType: it isn't a multipart form.
    """
    if (req.content_length or 0) > UPLOAD_BYTES_MAX + FORM_OVERHEAD_BYTES_MAX:
        raise FileTooLarge(size_bytes_max=UPLOAD_BYTES_MAX)
    if not req.content_length:
        raise NoFile
    if (req.content_type or "").partition(";")[0].strip().lower() != "multipart/form-data":
        raise falcon.HTTPUnsupportedMediaType
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES_MAX) as spool:
        content = cast("BinaryIO", spool)
        fields = _read(req, content)
        if fields.name is None:
            raise NoFile
        content.seek(0)
        yield UploadForm(name=fields.name, content=content, album_id=fields.album_id)


def _read(req: falcon.Request, content: BinaryIO) -> _Fields:
    fields = _Fields()
    form: MultipartForm = req.get_media()
    try:
        for part in form:
            match part.name:
                case "file":
                    if fields.name is not None:
                        raise RepeatedField("file")
                    fields.name = _file_name(part)
                    _copy(part, content)
                case "albumId":
                    if fields.album_id is not None:
                        raise RepeatedField("albumId")
                    fields.album_id = _album_id(part)
                case _:
                    continue  # Falcon skips what isn't read
    except UnicodeDecodeError as error:  # a part header that isn't UTF-8
        raise MalformedBody from error
    return fields


def _file_name(part: BodyPart) -> ImageName:
    if not part.filename:
        raise NoFile
    return ImageName.parse(part.filename)


def _copy(part: BodyPart, content: BinaryIO) -> None:
    size_bytes = 0
    while piece := part.stream.read(_PIECE_BYTES):
        size_bytes += len(piece)
        if size_bytes > UPLOAD_BYTES_MAX:
            raise FileTooLarge(size_bytes_max=UPLOAD_BYTES_MAX)
        content.write(piece)


def _album_id(part: BodyPart) -> AlbumId | None:
    data = part.stream.read(FIELD_BYTES_MAX)
    text = data.decode("utf-8")
    return AlbumId.parse(text) if text else None
