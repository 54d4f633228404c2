"""Metadata: taken out of a picture's file, or put into a result's, without touching its pixels.

A file is taken apart by its format's rules, and only what it takes to show the picture is put together again. It is a
list of what stays, not of what goes, so metadata of a kind that nobody has thought of go too. TIFF and AVIF, whose
parts name each other by offsets, are encoded anew, and so is a file that isn't built by its rules. Of HEIC the primary
picture is put into a file of its own.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, BinaryIO, Final, cast

from attrs import frozen
from PIL.Image import Image, frombytes
from PIL.ImageFile import ImageFile

from spike_core.domain.errors import UndecodablePicture
from spike_core.domain.objects import PictureFormat
from spike_imaging.color import srgb_profile
from spike_imaging.formats import format_of
from spike_imaging.heif_primary import primary_of
from spike_imaging.open import opened_picture
from spike_imaging.orientation import Turn
from spike_imaging.pillow_picture import PillowPicture, on_screen, pillow_errors
from spike_imaging.tiff_picture import TiffPicture
from spike_imaging.tiff_second_opinion import pillow_keeps
from spike_pillow import exif, xmp
from spike_pillow.assembly import FileMetadata, put_together
from spike_pillow.containers import BrokenContainer, Kind, Part, parts_of
from spike_pillow.embedded import Block, Source, authorship_in, blocks_in
from spike_pillow.tiff_directory import BrokenTiff, Tiff

_MEMORY_BYTES: Final = 1 << 20  # of what is made of a picture; more of it goes to a file
# how a format is written whose file can't be taken apart, or is broken
_ANEW: Final[Mapping[PictureFormat, Mapping[str, Any]]] = {
    PictureFormat.JPEG: {"quality": 95, "subsampling": 0},
    PictureFormat.PNG: {"compress_level": 2},
    PictureFormat.WEBP: {"lossless": True},
    PictureFormat.GIF: {},
    PictureFormat.AVIF: {"quality": 90, "speed": 8},
    PictureFormat.TIFF: {"compression": "tiff_lzw"},
}
_NOTE_BYTES_MAX: Final = 256
# what programs write into every PNG they make (keyword, and a short text)
_HARMLESS_NOTES: Final = (b"Software\0", b"Creation Time\0", b"date:create\0", b"date:modify\0", b"date:timestamp\0")
_REPLACED: Final = frozenset({Kind.EXIF, Kind.XMP})  # of a result, by its original's
_AVIF_METADATA: Final = (
    b"mime",
    b"uuid",
    b"xmpmeta",
    b"uri ",
)  # kinds of items and boxes; by chance once in a gigabyte
# what a TIFF needs (TIFF 6.0; profile: ICC.1, B.4); its EXIF is judged beside
_TIFF_TAGS: Final = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 263, 266, 273, 274, 277, 278, 279, 280, 281, 282, 283, 284, 292, 293, 296}
    | {297, 301, 317, 318, 319, 320, 321, 322, 323, 324, 325, 330, 332, 334, 336, 338, 339, 340, 341, 347}
    | {512, 513, 514, 529, 530, 531, 532, 34675}
)


@frozen
class PillowMetadata:
    """Reads and writes the containers of the allowed formats. It holds no state: one serves all threads."""

    @contextmanager
    def public(self, content: BinaryIO) -> Iterator[BinaryIO]:
        """Open the picture without its metadata; see the port."""
        data = content.read()
        content.seek(0)
        with tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES) as file:
            _write_public(data, file)
            del data
            file.seek(0)
            yield cast("BinaryIO", file)  # it is one in all but its declaration

    def with_metadata(self, picture: bytes, *, original: BinaryIO) -> bytes:
        """Return the result with the original's label; see the port."""
        data = original.read()
        original.seek(0)
        metadata = _for_result(blocks_in(data))
        if metadata.is_empty:
            return picture
        format_ = format_of(picture)
        try:
            raws = [part.raw for part in parts_of(picture, format_) if part.kind not in _REPLACED]
        except BrokenContainer:  # or of a format that isn't taken apart
            return picture
        return b"".join(put_together(raws, format_, metadata))


def tells_place(data: bytes, format_: PictureFormat) -> bool:
    """Return whether a picture's metadata tell a place, or may: whatever isn't known to be harmless counts."""
    match format_:
        case PictureFormat.TIFF:
            return not _is_harmless_tiff(data)
        case PictureFormat.AVIF:
            with PillowPicture.opened(data, format_) as picture:
                return not _is_harmless_avif(data, picture.file)
        case PictureFormat.HEIC:
            primary = primary_of(data)
            return not primary.has_no_more_than_exif or (bool(primary.exif) and not exif.is_harmless(primary.exif))
        case _:
            try:
                return parts_tell_place(parts_of(data, format_))
            except BrokenContainer:
                return True


def parts_tell_place(parts: Iterable[Part]) -> bool:
    """Return whether parts of a file tell a place, or may."""
    return not all(map(_is_harmless, parts))


def _for_result(blocks: list[Block]) -> FileMetadata:
    """Return what a result tells of its original: EXIF from its EXIF, XMP from all else, each as it was there."""
    labels = (exif.label(block.content) for block in blocks if block.source is Source.EXIF)
    return FileMetadata(exif=next(filter(None, labels), b""), xmp=xmp.packet_of(authorship_in(blocks)))


def _is_harmless(part: Part) -> bool:
    match part.kind:
        case Kind.PICTURE:
            return True
        case Kind.EXIF:
            return exif.is_harmless(part.content)
        case Kind.NOTE:
            return not part.content or (
                len(part.content) <= _NOTE_BYTES_MAX and part.content.startswith(_HARMLESS_NOTES)
            )
        case Kind.XMP:
            return xmp.is_own(part.content)
        case Kind.PHOTOSHOP | Kind.TEXT | Kind.OTHER:
            return False


def _is_harmless_avif(data: bytes, file: ImageFile) -> bool:
    """Judge the one item of EXIF that Pillow tells of; whatever else may hold metadata counts (ISO 14496-12)."""
    block = bytes(file.info.get("exif") or b"").removeprefix(exif.IDENTIFIER)
    return not any(name in data for name in _AVIF_METADATA) and (not block or exif.is_harmless(block))


def _is_harmless_tiff(data: bytes) -> bool:
    """Judge the tags of all directories: of the picture, of thumbnails and masks, and their EXIF."""
    try:
        tags, exif_tags = Tiff.of(data).all_tags()
    except BrokenTiff:  # if we can't read them, others may
        return False
    return tags <= _TIFF_TAGS | exif.HARMLESS and exif_tags <= exif.HARMLESS


def _write_public(data: bytes, out: IO[bytes]) -> None:
    format_ = format_of(data)
    if format_ is PictureFormat.HEIC:
        out.write(primary_of(data).data)
        return
    try:
        parts = [part for part in parts_of(data, format_) if part.kind is Kind.PICTURE]
    except BrokenContainer:
        _encode_anew(data, format_, out)
        return
    turn = FileMetadata(exif=exif.of_turn(_turn_of(data, format_).value))
    out.writelines(put_together([part.raw for part in parts], format_, turn))


def _turn_of(data: bytes, format_: PictureFormat) -> Turn:
    with PillowPicture.opened(data, format_) as picture:
        # a PNG's EXIF may stand behind its pixels
        return picture.decode().turn if format_ is PictureFormat.PNG else Turn.of(picture.file)


def _encode_anew(data: bytes, format_: PictureFormat, out: IO[bytes]) -> None:
    """Write the picture in its own format: its values with their profile, or what it shows in sRGB with 8 bits.

    That is where Pillow can't read the values, or reads wrong ones, and where colors may be stated elsewhere than in an
    ICC profile, or have more than 8 bits.
    """
    try:
        picture, options = _values_of(data, format_)
    except UndecodablePicture:
        picture, options = _look_of(data)
    picture.save(out, format_.value, **_ANEW[format_], **options)


def _look_of(data: bytes) -> tuple[Image, dict[str, Any]]:
    """Return what the picture shows, in RGB by its own profile or in sRGB, upright and bare."""
    with opened_picture(data) as opened:
        decoded = opened.decode()
    fits = decoded.profile and decoded.image.mode in {"RGB", "RGBA"}
    shown = decoded.turn.applied_to(decoded.image) if fits else decoded.srgb()
    bare = frombytes(shown.mode, shown.size, shown.tobytes())  # a copy would hand down what the file tells
    return bare, {"icc_profile": decoded.profile if fits else srgb_profile()}


def _check_pillow_keeps(data: bytes) -> None:
    with TiffPicture.opened(data) as picture:
        if not pillow_keeps(picture):
            raise UndecodablePicture


def _values_of(data: bytes, format_: PictureFormat) -> tuple[Image, dict[str, Any]]:
    """Return the picture upright and bare, and what it takes to show its values."""
    if format_ in {PictureFormat.PNG, PictureFormat.AVIF}:
        return _look_of(data)
    if format_ is PictureFormat.TIFF:
        _check_pillow_keeps(data)
    options: dict[str, Any] = {}
    with PillowPicture.opened(data, format_) as opened, pillow_errors():
        file = opened.file
        file.load()
        if profile := file.info.get("icc_profile"):
            options["icc_profile"] = profile
        whole = file if "transparency" in file.info else on_screen(file, file)  # the key is around a smaller frame, too
        turned = Turn.of(file).applied_to(whole)
        bare = frombytes(turned.mode, turned.size, turned.tobytes())  # a copy would hand down what the file tells
        if turned.palette is not None:
            bare.putpalette(turned.palette.getdata()[1], turned.palette.mode)
        if "transparency" in file.info:
            options["transparency"] = file.info["transparency"]
    return bare, options
