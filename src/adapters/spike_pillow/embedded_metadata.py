"""Embedded metadata: the EXIF, XMP and IPTC blocks in files of each format, and the authorship in them."""

from collections.abc import Iterator
from enum import Enum
from typing import Final

from attrs import field, frozen
from PIL.AvifImagePlugin import AvifImageFile
from PIL.ImageFile import ImageFile

from spike_core.domain.errors import UnacceptablePicture
from spike_core.domain.objects import PictureFormat
from spike_imaging.formats import format_of
from spike_imaging.heif_primary import primary_of
from spike_imaging.pillow_picture import PillowPicture, pillow_errors
from spike_pillow import exif, iptc, xmp
from spike_pillow.authorship import DEFAULT_LANGUAGE, Authorship, is_kept_line, is_kept_notice
from spike_pillow.containers import JPEG_XMP, SEPARABLE, BrokenContainer, Kind, Part, parts_of
from spike_pillow.png_text import BrokenText, PngText
from spike_pillow.text_encoding import UnknownEncoding, decoded
from spike_pillow.tiff_directory import LONG, BrokenTiff, Tiff

_BLOCKS_MAX: Final = 64  # of metadata that are read
_TEXTS_MAX: Final = 256  # of a PNG that are decompressed, to at most a megabyte each
# in TIFF: XMP (ISO 16684-3), IPTC (Aldus, for TIFF 6.0), Photoshop's blocks (Photoshop TIFF notes)
_TIFF_XMP, _TIFF_IPTC, _TIFF_PHOTOSHOP = 700, 33723, 34377
_TIFF_BYTES_MAX: Final = 1 << 22


class Source(Enum):
    """The kind of a metadata block, in order of precedence."""

    EXIF = "EXIF"
    XMP = "XMP"
    IPTC = "IPTC"
    PNG_TEXT = "text of a PNG"


@frozen
class Block:
    """A block of metadata, without the container's framing."""

    source: Source
    content: bytes = field(repr=False)
    keyword: bytes = b""  # of a PNG's text


def blocks_in(data: bytes) -> list[Block]:
    """Return the metadata blocks in a picture's file, in order, as far as they can be found."""
    blocks: list[Block] = []
    try:
        for block in _blocks(data):
            blocks.append(block)  # blocks before a defect in the file are kept
            if len(blocks) == _BLOCKS_MAX:
                break
    except (UnacceptablePicture, BrokenContainer, BrokenTiff):
        pass
    return blocks


def authorship_in(blocks: list[Block]) -> Authorship:
    """Return the authorship in XMP, IPTC and PNG text blocks. Each property is the first by precedence."""
    found = Authorship()
    for source in Source:
        for block in blocks:
            if block.source is source:
                found = found.or_else(_authorship(block))
    return found


def _authorship(block: Block) -> Authorship:
    match block.source:
        case Source.EXIF:
            return Authorship()  # it is copied as EXIF: see `exif.for_result`
        case Source.XMP:
            return xmp.authorship_in(block.content)
        case Source.IPTC:
            return iptc.authorship_in(block.content)
        case Source.PNG_TEXT:
            return _of_png_text(block)


def _of_png_text(block: Block) -> Authorship:
    try:
        text = decoded(block.content)
    except UnknownEncoding:
        return Authorship()
    if block.keyword == b"Author" and text.strip() and is_kept_line(text):
        return Authorship(creators=(text,))
    if block.keyword == b"Copyright" and text.strip() and is_kept_notice(text):
        return Authorship(rights=((DEFAULT_LANGUAGE, text),))
    return Authorship()


def _blocks(data: bytes) -> Iterator[Block]:
    format_ = format_of(data)
    if format_ in SEPARABLE:
        texts_left = _TEXTS_MAX
        for part in parts_of(data, format_):
            texts_left -= part.kind is Kind.TEXT
            if part.kind is not Kind.TEXT or texts_left >= 0:
                yield from _blocks_of_part(part)
    elif format_ is PictureFormat.TIFF:
        yield from _blocks_of_tiff(data)
    elif format_ is PictureFormat.HEIC:
        primary = primary_of(data)
        yield Block(Source.EXIF, primary.exif.removeprefix(exif.IDENTIFIER))
        yield Block(Source.XMP, primary.xmp)
    else:
        with PillowPicture.opened(data, format_) as picture, pillow_errors():
            yield Block(Source.EXIF, _exif_of(picture.file, data).removeprefix(exif.IDENTIFIER))
            yield Block(Source.XMP, bytes(picture.file.info.get("xmp") or b""))


def _blocks_of_part(part: Part) -> Iterator[Block]:
    match part.kind:
        case Kind.PICTURE | Kind.OTHER:
            return
        case Kind.EXIF:
            yield Block(Source.EXIF, part.content)
        case Kind.XMP:
            yield Block(Source.XMP, part.content)
        case Kind.PHOTOSHOP:
            yield Block(Source.IPTC, iptc.record_in(part.content))
        case Kind.NOTE | Kind.TEXT if part.content:
            yield from _blocks_of_text(bytes(part.raw[4:8]), part.content)


def _blocks_of_text(chunk: bytes, body: bytes) -> Iterator[Block]:
    try:
        text = PngText.of(chunk, body)
        profile, raw = text.profile()
    except BrokenText:
        return
    if text.keyword in {b"Author", b"Copyright"}:
        yield Block(Source.PNG_TEXT, text.content, text.keyword)
    elif text.keyword == b"XML:com.adobe.xmp":
        yield Block(Source.XMP, text.content)
    elif profile in {b"exif", b"APP1", b"xmp"}:
        if raw.startswith(exif.IDENTIFIER) or profile == b"exif":
            yield Block(Source.EXIF, raw.removeprefix(exif.IDENTIFIER))
        else:
            yield Block(Source.XMP, raw.removeprefix(JPEG_XMP))
    elif profile in {b"iptc", b"8bim"}:
        yield Block(Source.IPTC, iptc.record_in(raw.removeprefix(iptc.PHOTOSHOP)) or raw)


def _blocks_of_tiff(data: bytes) -> Iterator[Block]:
    """Yield a TIFF's blocks: the file itself, which has the structure of EXIF, and fields of its first directory."""
    tiff = Tiff.of(data)
    yield Block(Source.EXIF, data)
    fields = tiff.main_directory({_TIFF_XMP, _TIFF_IPTC, _TIFF_PHOTOSHOP}, bytes_max=_TIFF_BYTES_MAX)
    if _TIFF_XMP in fields:
        yield Block(Source.XMP, fields[_TIFF_XMP].value)
    if _TIFF_IPTC in fields:
        field_ = fields[_TIFF_IPTC]
        # many programs write it as 32-bit numbers, and some swap their bytes
        is_swapped = field_.type == LONG and field_.value[:1] != iptc.MARK and field_.value[3:4] == iptc.MARK
        record = b"".join(number.to_bytes(4) for number in tiff.numbers(field_)) if is_swapped else field_.value
        yield Block(Source.IPTC, record)
    if _TIFF_PHOTOSHOP in fields:
        yield Block(Source.IPTC, iptc.record_in(fields[_TIFF_PHOTOSHOP].value))


def _exif_of(file: ImageFile, data: bytes) -> bytes:
    """Return the EXIF of a file whose metadata Pillow finds, byte for byte."""
    if isinstance(file, AvifImageFile):
        return _exif_of_avif(data)
    return bytes(file.info.get("exif") or b"")


def _exif_of_avif(data: bytes) -> bytes:
    """Return an AVIF's EXIF from libavif: Pillow rewrites it if it has an orientation, with texts as ASCII."""
    from PIL import _avif  # noqa: PLC0415  # a part of Pillow that some builds lack

    found = _avif.AvifDecoder(data, "auto", 1).get_info()[4]
    return bytes(found or b"")
