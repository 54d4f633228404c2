"""Uploads as multipart forms: each picture is streamed to a temporary file that is deleted when it is closed."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, Final, cast

import falcon
from attrs import define, field, frozen

from spike_core.domain.errors import FileTooLarge, InvalidFileName
from spike_core.domain.identifiers import AlbumId
from spike_core.domain.images import ImageName
from spike_core.domain.limits import UploadLimits
from spike_core.domain.media_types import canonical_media_type
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.domain.tiers import Tier
from spike_core.services.batch_uploads import NamedFile, RefusedFile
from spike_http.context import Request
from spike_http.idempotency import note_payload
from spike_http.openapi.limits import BATCH_FILES
from spike_http.openapi.notes import id_schema
from spike_http.openapi.operations import Form
from spike_http.openapi.tiers import ANY_TIER
from spike_http.requests.body_sizes import FORM_OVERHEAD_BYTES_MAX
from spike_http.requests.errors import BatchTooLarge, MalformedBody, NoFile, RepeatedField, TooManyFiles
from spike_http.requests.file_names import image_name_of
from spike_http.requests.multipart import Part, parts_of
from spike_http.requests.render_options import FORM_FIELDS, options_of_form

_FILE: Final = {"type": "string", "format": "binary"}
_ALBUM: Final = {"albumId": id_schema(AlbumId), "tier": ANY_TIER, **FORM_FIELDS}
UPLOAD_FORM: Final = Form(
    fields={"file": _FILE, **_ALBUM},
    required=frozenset({"file"}),
)
ANONYMOUS_UPLOAD_FORM: Final = Form(fields={"file": UPLOAD_FORM.fields["file"]}, required=frozenset({"file"}))
BATCH_UPLOAD_FORM: Final = Form(
    fields={
        "files": {
            "type": "array",
            "items": _FILE,
            "minItems": 1,
            "maxItems": BATCH_FILES,
        },
        **_ALBUM,
    },
    required=frozenset({"files"}),
)

FIELD_BYTES_MAX: Final = 1024
_IN_MEMORY_BYTES_MAX: Final = 1024 * 1024
_LISTED: Final = re.compile(r"\[[0-9]{0,3}\]\Z")
_PIECE_BYTES: Final = 256 * 1024  # reads a form of 10 MB 20 % faster than 64 KiB; more isn't faster


@define
class _Fields:
    name: ImageName | None = None
    album_id: AlbumId | None = None
    tier: Tier | None = None
    options: dict[str, str] = field(factory=dict)
    seen: set[str] = field(factory=set)


@frozen(kw_only=True)
class UploadForm:
    """`POST /api/images/upload`."""

    name: ImageName
    content: BinaryIO
    album_id: AlbumId | None
    tier: Tier | None
    options: RenderOptions


@frozen(kw_only=True)
class BatchUploadForm:
    """`POST /api/images/batch-upload`."""

    files: Sequence[NamedFile | RefusedFile]  # in the order of the form
    album_id: AlbumId | None
    tier: Tier | None
    options: RenderOptions


@contextmanager
def upload_form(req: Request, limits: UploadLimits) -> Iterator[UploadForm]:
    """Read the form. Its content is closed at the end of the context.

    Raises:
        NoFile, RepeatedField, MalformedBody, InvalidFileName, InvalidIdentifier: the form isn't valid.
        FileTooLarge: the body or its file is larger than an upload may be.
        HTTPUnsupportedMediaType: it isn't a multipart form.
    """
    if (req.content_length or 0) > limits.file_bytes + FORM_OVERHEAD_BYTES_MAX:
        raise FileTooLarge(size_bytes_max=limits.file_bytes)
    _check_is_form(req, field="file")
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES_MAX) as spool:
        content = cast("BinaryIO", spool)
        fields = _read(req, content, size_bytes_max=limits.file_bytes)
        if fields.name is None:
            raise NoFile.in_field("file")
        content.seek(0)
        options = options_of_form(fields.options)
        note_payload(req, str(fields.name).encode(), *_chosen(fields.album_id, fields.tier, options), content)
        yield UploadForm(name=fields.name, content=content, album_id=fields.album_id, tier=fields.tier, options=options)


@contextmanager
def batch_upload_form(req: Request, limits: UploadLimits) -> Iterator[BatchUploadForm]:
    """Read the form. Its contents are closed at the end of the context. An invalid file doesn't affect the others.

    Raises:
        NoFile, RepeatedField, MalformedBody, InvalidIdentifier: the form isn't valid.
        TooManyFiles, BatchTooLarge: the form has too many files, or is too large.
        HTTPUnsupportedMediaType: it isn't a multipart form.
    """
    if (req.content_length or 0) > limits.batch_bytes + FORM_OVERHEAD_BYTES_MAX:
        raise BatchTooLarge(size_bytes_max=limits.batch_bytes)
    _check_is_form(req, field="files")
    with ExitStack() as stack:
        form = _read_batch(req, stack, limits)
        if not form.files:
            raise NoFile.in_field("files")
        if all(isinstance(file, RefusedFile) and isinstance(file.error, NoFile) for file in form.files):
            raise NoFile.without_name("files")
        note_payload(
            req,
            *_chosen(form.album_id, form.tier, form.options),
            *(part for file in form.files for part in _parts(file)),
        )
        yield form


def _chosen(album_id: AlbumId | None, tier: Tier | None, options: RenderOptions) -> Sequence[bytes]:
    """Return what the form says beside its files. Without tier and options it is what earlier releases recorded."""
    chosen = [str(album_id).encode(), *([] if tier is None else [tier.name.encode()])]
    return chosen if options == DEFAULT_OPTIONS else [*chosen, repr(options).encode()]


def _parts(file: NamedFile | RefusedFile) -> tuple[bytes | BinaryIO, bytes | BinaryIO]:
    name = file.filename.encode("utf-8", "surrogatepass")
    return (name, file.content) if isinstance(file, NamedFile) else (name, file.error.code.encode())


def _read_batch(req: Request, stack: ExitStack, limits: UploadLimits) -> BatchUploadForm:
    files: list[NamedFile | RefusedFile] = []
    fields = _Fields()
    size_bytes = 0
    for part in parts_of(req):
        match _field(part, "files"):
            case "files":
                if part.is_unused_input():
                    continue
                if len(files) == limits.batch_files:
                    raise TooManyFiles(limits.batch_files)
                file, file_bytes = _read_file(part, stack, size_bytes_max=limits.file_bytes)
                size_bytes += file_bytes
                if size_bytes > limits.batch_bytes:
                    raise BatchTooLarge(size_bytes_max=limits.batch_bytes)
                files.append(file)
            case name:
                _read_choice(part, name, fields)
    return BatchUploadForm(
        files=files, album_id=fields.album_id, tier=fields.tier, options=options_of_form(fields.options)
    )


def _read_file(part: Part, stack: ExitStack, *, size_bytes_max: int) -> tuple[NamedFile | RefusedFile, int]:
    """Return a file of a batch and its size in bytes."""
    filename = part.filename or ""
    spool = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES_MAX // 4)  # noqa: SIM115  # the stack closes it
    content = cast("BinaryIO", stack.enter_context(spool))
    size_bytes = 0
    while piece := part.stream.read(_PIECE_BYTES):
        size_bytes += len(piece)
        if size_bytes <= size_bytes_max:
            content.write(piece)
    content.seek(0)
    if size_bytes > size_bytes_max:
        return RefusedFile(filename=filename, error=FileTooLarge(size_bytes_max=size_bytes_max)), size_bytes
    if not filename:
        return RefusedFile(filename=filename, error=NoFile.without_name("files")), size_bytes
    try:
        name = image_name_of(filename)
        return NamedFile(filename=name.text, name=name, content=content), size_bytes
    except InvalidFileName as error:
        return RefusedFile(filename=filename, error=error), size_bytes


def _check_is_form(req: falcon.Request, *, field: str) -> None:
    if not req.content_length:
        raise NoFile.in_field(field)
    if canonical_media_type(req.content_type or "") != falcon.MEDIA_MULTIPART:
        raise falcon.HTTPUnsupportedMediaType


def _read(req: falcon.Request, content: BinaryIO, *, size_bytes_max: int) -> _Fields:
    fields = _Fields()
    for part in parts_of(req):
        match _field(part, "file"):
            case "file":
                if fields.name is not None:
                    raise RepeatedField("file")
                fields.name = _file_name(part)
                _copy(part, content, size_bytes_max=size_bytes_max)
            case name:
                _read_choice(part, name, fields)
    return fields


def _read_choice(part: Part, name: str, fields: _Fields) -> None:
    """Read a field that isn't a file; unknown ones are skipped, unread."""
    if name not in {"albumId", "tier", *FORM_FIELDS}:
        return
    if name in fields.seen:
        raise RepeatedField(name)
    fields.seen.add(name)
    match name:
        case "albumId":
            fields.album_id = _album_id(part)
        case "tier":
            fields.tier = _tier(part)
        case _:
            fields.options[name] = _text(part)


def _file_name(part: Part) -> ImageName:
    if part.is_unused_input():
        raise NoFile.in_field("file")
    if not part.filename:
        raise NoFile.without_name("file")
    return image_name_of(part.filename)


def _copy(part: Part, content: BinaryIO, *, size_bytes_max: int) -> None:
    size_bytes = 0
    while piece := part.stream.read(_PIECE_BYTES):
        size_bytes += len(piece)
        if size_bytes > size_bytes_max:
            raise FileTooLarge(size_bytes_max=size_bytes_max)
        content.write(piece)


def _field(part: Part, files: str) -> str:
    """Return the field of a part. Some clients name the files of a list `files[]` or `files[0]`: both mean `files`."""
    return files if _LISTED.sub("", part.name) == files else part.name


def _album_id(part: Part) -> AlbumId | None:
    text = _text(part)
    return AlbumId.parse(text) if text else None


def _tier(part: Part) -> Tier | None:
    text = _text(part)
    return Tier(text) if text else None


def _text(part: Part) -> str:
    data: bytes = part.stream.read(FIELD_BYTES_MAX)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedBody from error
