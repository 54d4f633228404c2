"""Metadata: removed from a picture's file, or added to a result's, without decoding its pixels.

A file is split by its format's rules, and only the parts needed to show the picture are assembled again. Parts are
allowed rather than denied, so unknown kinds of metadata are removed too. TIFF and AVIF, whose parts refer to each other
by offsets, are encoded anew, and so are files that violate their format. From HEIC the primary picture is extracted
into a file of its own.
"""

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, BinaryIO, Final

from attrs import frozen
from PIL.Image import Image, frombytes
from PIL.ImageFile import ImageFile

from spike_core.domain.errors import UndecodablePicture
from spike_core.domain.limits import ACCEPTED_PIXELS_MAX
from spike_core.domain.objects import PictureFormat
from spike_imaging.color import srgb_profile
from spike_imaging.formats import format_of
from spike_imaging.heif_primary import primary_of
from spike_imaging.limits import allowing
from spike_imaging.open import opened_picture
from spike_imaging.orientation import Turn
from spike_imaging.pillow_picture import PillowPicture, on_screen, pillow_errors
from spike_imaging.resolution import Resolution, exif_of, resolution_of
from spike_imaging.tiff_cross_check import pillow_keeps
from spike_imaging.tiff_picture import TiffPicture
from spike_pillow import exif, xmp
from spike_pillow.assembly import FileMetadata, assemble
from spike_pillow.avif_items import with_items
from spike_pillow.containers import BrokenContainer, Kind, Part, parts_of
from spike_pillow.embedded_metadata import Block, Source, authorship_in, blocks_in
from spike_pillow.tiff_directory import BrokenTiff, Tiff

# encoder options for files that can't be split
_ANEW: Final[Mapping[PictureFormat, Mapping[str, Any]]] = {
    PictureFormat.JPEG: {"quality": 95, "subsampling": 0},
    PictureFormat.PNG: {"compress_level": 2},
    PictureFormat.WEBP: {"lossless": True},
    PictureFormat.GIF: {},
    PictureFormat.AVIF: {"quality": 90, "speed": 8},
    PictureFormat.TIFF: {"compression": "tiff_lzw"},
}
_NOTE_BYTES_MAX: Final = 256
# what programs write into every PNG: keyword and a short text
_HARMLESS_NOTES: Final = (b"Software\0", b"Creation Time\0", b"date:create\0", b"date:modify\0", b"date:timestamp\0")
_REPLACED: Final = frozenset({Kind.EXIF, Kind.XMP})  # in a result, by its original's
_AVIF_METADATA: Final = (
    b"mime",
    b"uuid",
    b"xmpmeta",
    b"uri ",
)  # kinds of items and boxes; such bytes occur by chance once in a gigabyte
# tags that a TIFF needs (TIFF 6.0; profile: ICC.1, B.4); its EXIF is checked separately
_TIFF_TAGS: Final = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 263, 266, 273, 274, 277, 278, 279, 280, 281, 282, 283, 284, 292, 293, 296}
    | {297, 301, 317, 318, 319, 320, 321, 322, 323, 324, 325, 330, 332, 334, 336, 338, 339, 340, 341, 347}
    | {512, 513, 514, 529, 530, 531, 532, 34675}
)


@frozen
class PillowMetadata:
    """Reads and writes the containers of the accepted formats. It is stateless and thread-safe."""

    @contextmanager
    def public(self, content: BinaryIO) -> Iterator[BinaryIO]:
        """Open the picture without its metadata; see the port."""
        data = content.read()
        content.seek(0)
        file = io.BytesIO()  # not in a temporary file, which the sandbox would refuse
        with allowing(ACCEPTED_PIXELS_MAX):
            _write_public(data, file)
        del data
        file.seek(0)
        yield file

    def with_metadata(self, picture: bytes, *, original: BinaryIO) -> bytes:
        """Return the result with the original's author, rights and camera data; see the port."""
        data = original.read()
        original.seek(0)
        format_ = format_of(picture)
        # WebP and AVIF say their resolution in the EXIF that is replaced
        in_exif = format_ in {PictureFormat.WEBP, PictureFormat.AVIF}
        resolution = resolution_of(picture) if in_exif else None
        with allowing(ACCEPTED_PIXELS_MAX):
            metadata = _for_result(blocks_in(data), resolution)
        if metadata.is_empty:
            return picture
        try:
            if format_ is PictureFormat.AVIF:
                return with_items(picture, exif=metadata.exif, xmp=metadata.xmp)
            raws = [part.raw for part in parts_of(picture, format_) if part.kind not in _REPLACED]
        except BrokenContainer:  # or the format can't be split
            return picture
        return b"".join(assemble(raws, format_, metadata))


def has_location(data: bytes, format_: PictureFormat) -> bool:
    """Return whether a picture's metadata may contain a location; everything that isn't known to be harmless counts."""
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
                return parts_have_location(parts_of(data, format_))
            except BrokenContainer:
                return True


def parts_have_location(parts: Iterable[Part]) -> bool:
    """Return whether parts of a file may contain a location."""
    return not all(map(_is_harmless, parts))


def _for_result(blocks: list[Block], resolution: Resolution | None) -> FileMetadata:
    """Return the metadata that a result keeps: EXIF from the original's EXIF, XMP from everything else, unchanged.

    A resolution is added to it, but isn't a reason for any.
    """
    found = (exif.for_result(block.content, resolution) for block in blocks if block.source is Source.EXIF)
    kept, packet = next(filter(None, found), b""), xmp.packet_of(authorship_in(blocks))
    if packet and not kept and resolution:
        kept = exif_of(resolution).tobytes().removeprefix(exif.IDENTIFIER)
    return FileMetadata(exif=kept, xmp=packet)


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
    """Check the EXIF item that Pillow reports; anything else that may have metadata isn't harmless (ISO 14496-12)."""
    block = bytes(file.info.get("exif") or b"").removeprefix(exif.IDENTIFIER)
    return not any(name in data for name in _AVIF_METADATA) and (not block or exif.is_harmless(block))


def _is_harmless_tiff(data: bytes) -> bool:
    """Check the tags of all directories: of the picture, of thumbnails and masks, and their EXIF."""
    try:
        tags, exif_tags = Tiff.of(data).all_tags()
    except BrokenTiff:  # other readers may read what this one can't
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
    out.writelines(assemble([part.raw for part in parts], format_, turn))


def _turn_of(data: bytes, format_: PictureFormat) -> Turn:
    with PillowPicture.opened(data, format_) as picture:
        # a PNG's EXIF may follow its pixels
        return picture.decode().turn if format_ is PictureFormat.PNG else Turn.of(picture.file)


def _encode_anew(data: bytes, format_: PictureFormat, out: IO[bytes]) -> None:
    """Write the picture in its own format: its values with their profile, or its appearance in sRGB with 8 bits.

    The latter if Pillow can't read the values, or reads them wrongly; and if colors may be specified otherwise than by
    an ICC profile, or have more than 8 bits.
    """
    try:
        picture, options = _values_of(data, format_)
    except UndecodablePicture:
        picture, options = _appearance_of(data)
    picture.save(out, format_.value, **_ANEW[format_], **options)


def _appearance_of(data: bytes) -> tuple[Image, dict[str, Any]]:
    """Return the picture as it appears, in RGB with its own profile or in sRGB, upright and without metadata."""
    with opened_picture(data) as opened:
        decoded = opened.decode()
    fits = decoded.profile and decoded.image.mode in {"RGB", "RGBA"}
    shown = decoded.turn.applied_to(decoded.image) if fits else decoded.srgb()
    bare = frombytes(shown.mode, shown.size, shown.tobytes())  # a copy would retain the file's metadata
    return bare, {"icc_profile": decoded.profile if fits else srgb_profile()}


def _check_pillow_keeps(data: bytes) -> None:
    with TiffPicture.opened(data) as picture:
        if not pillow_keeps(picture):
            raise UndecodablePicture


def _values_of(data: bytes, format_: PictureFormat) -> tuple[Image, dict[str, Any]]:
    """Return the picture upright and without metadata, and the options needed to write its values."""
    if format_ in {PictureFormat.PNG, PictureFormat.AVIF}:
        return _appearance_of(data)
    if format_ is PictureFormat.TIFF:
        _check_pillow_keeps(data)
    options: dict[str, Any] = {}
    with PillowPicture.opened(data, format_) as opened, pillow_errors():
        file = opened.file
        file.load()
        if profile := file.info.get("icc_profile"):
            options["icc_profile"] = profile
        # the transparent key also applies around a smaller frame
        whole = file if "transparency" in file.info else on_screen(file, file)
        turned = Turn.of(file).applied_to(whole)
        bare = frombytes(turned.mode, turned.size, turned.tobytes())  # a copy would retain the file's metadata
        if turned.palette is not None:
            bare.putpalette(turned.palette.getdata()[1], turned.palette.mode)
        if "transparency" in file.info:
            options["transparency"] = file.info["transparency"]
    return bare, options
