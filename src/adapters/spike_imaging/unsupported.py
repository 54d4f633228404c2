"""Names of unsupported formats and variants: other picture formats, other kinds of files, rare kinds of JPEG and PNG.

An intact file gets a different error than a damaged one: it names the format and a remedy.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from spike_core.domain.errors import UnsupportedPicture
from spike_core.domain.objects import PictureFormat

_AS_PICTURE: Final = "Export it as JPEG, PNG or WebP"
_STILL: Final = "Upload a single picture, as JPEG, PNG or WebP"
# name, advice, and the pattern of the file's start
_OTHERS: Final = (
    ("BMP", _AS_PICTURE, rb"BM.{4}\0\0\0\0.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0"),
    ("Windows icon (ICO)", _AS_PICTURE, rb"\0\0[\1\2]\0[\1-\xff]\0.{2}.[\0\1]"),
    ("JPEG 2000", _AS_PICTURE, rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51"),
    ("JPEG XR", _AS_PICTURE, rb"II\xbc[\0\1]"),
    ("JPEG XL", _AS_PICTURE, rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n"),
    ("Photoshop (PSD)", _AS_PICTURE, rb"8BPS\0[\1\2]"),
    ("GIMP (XCF)", _AS_PICTURE, rb"gimp xcf "),
    ("OpenEXR", _AS_PICTURE, rb"\x76\x2f\x31\x01"),
    ("Radiance HDR", _AS_PICTURE, rb"#\?(?:RADIANCE|RGBE)"),
    ("DirectDraw Surface (DDS)", _AS_PICTURE, rb"DDS \x7c\0\0\0"),
    ("QOI", _AS_PICTURE, rb"qoif"),
    ("Netpbm (PNM)", _AS_PICTURE, rb"P[1-7][ \t\r\n]"),
    ("FLIF", _AS_PICTURE, rb"FLIF"),
    ("MNG", _STILL, rb"\x8a[MJ]NG\r\n\x1a\n|\x8b[MJ]NG\r\n\x1a\n"),
    ("FITS", _AS_PICTURE, rb"SIMPLE  =  "),
    ("DICOM", _AS_PICTURE, rb".{128}DICM"),
    ("PDF", "Export the page as PNG or JPEG", rb"%PDF-"),
    ("PostScript", "Export the page as PNG or JPEG", rb"%!PS|\xc5\xd0\xd3\xc6"),
    ("SVG", "Export it as PNG, in the size that you need", rb"\s*(?:<[?!][^>]*>\s*){0,3}<svg[\s>/]"),
    ("Video (MP4)", _STILL, rb".{4}ftyp(?:isom|iso[2-9]|mp4[12]|M4V |avc1|qt  |3gp)"),
    ("Video (WebM)", _STILL, rb"\x1a\x45\xdf\xa3"),
    ("Video (AVI)", _STILL, rb"RIFF.{4}AVI "),
    ("ZIP archive", "Unpack it and upload its pictures", rb"PK\x03\x04"),
)  # fmt: skip
_SIGNATURES: Final = tuple((name, advice, re.compile(start, re.DOTALL)) for name, advice, start in _OTHERS)
_BOM: Final = b"\xef\xbb\xbf"
_START_BYTES: Final = 1024

# kinds of JPEG by their frame header's marker (ITU-T T.81, table B.1, and T.87), as supported by libjpeg-turbo
_JPEG_KINDS: Final[Mapping[int, str]] = {
    0xC3: "Lossless JPEG",
    **dict.fromkeys((0xC5, 0xC6, 0xC7), "Hierarchical JPEG"),
    0xCB: "Lossless JPEG",
    **dict.fromkeys((0xC9, 0xCA), "JPEG with arithmetic coding"),
    **dict.fromkeys((0xCD, 0xCE, 0xCF), "Hierarchical JPEG"),
    0xF7: "JPEG-LS",
}
_SOF: Final = frozenset({0xC0, 0xC1, 0xC2, *_JPEG_KINDS})
_FILL: Final = re.compile(rb"\xff+(?=\xff)")  # bytes before a marker (T.81, B.1.1.2)
_SOS: Final = 0xDA
_BITS: Final = 8
_COMPONENTS: Final = frozenset({1, 3, 4})
_SEGMENTS_MAX: Final = 2000
_AS_USUAL_JPEG: Final = "Export it as a baseline JPEG with 8 bits per channel, or as PNG"
_CGBI: Final = b"CgBI"  # the first chunk of a PNG that Xcode has rewritten for iOS


def unsupported_format(data: bytes) -> UnsupportedPicture | None:
    """Return the error for a file in a known but unsupported format; `None` if its format is unknown."""
    start = data[:_START_BYTES].removeprefix(_BOM)
    for name, advice, signature in _SIGNATURES:
        if signature.match(start):
            return UnsupportedPicture(name=name, advice=advice)
    return None


def unsupported_kind(data: bytes, format_: PictureFormat) -> UnsupportedPicture | None:
    """Return the error for an unsupported variant of a supported format; `None` if the variant is a usual one."""
    match format_:
        case PictureFormat.JPEG:
            return _unsupported_jpeg(data)
        case PictureFormat.PNG if data[12:16] == _CGBI:
            return UnsupportedPicture(name="PNG rewritten for iOS (CgBI)", advice="Upload the original PNG")
        case _:
            return None


def _unsupported_jpeg(data: bytes) -> UnsupportedPicture | None:
    frame = next(((marker, body) for marker, body in _segments(data) if marker in _SOF), None)
    if frame is None:
        return None
    marker, body = frame
    bits, components = (body[0], body[5]) if len(body) > 5 else (_BITS, 1)  # noqa: PLR2004  # T.81, B.2.2
    if marker in _JPEG_KINDS:
        name = _JPEG_KINDS[marker]
    elif bits != _BITS:
        name = f"JPEG with {bits} bits per channel"
    elif components not in _COMPONENTS:
        name = f"JPEG with {components} channels"
    else:
        return None
    return UnsupportedPicture(name=name, advice=_AS_USUAL_JPEG)


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield a JPEG's markers and the segments after them, up to its first scan or a defect."""
    at = 2
    for _ in range(_SEGMENTS_MAX):
        if fill := _FILL.match(data, at):
            at = fill.end()
        if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] == _SOS:  # noqa: PLR2004  # T.81, B.1.1.2
            return
        length = int.from_bytes(data[at + 2 : at + 4])
        yield data[at + 1], data[at + 4 : at + 2 + length]
        at += 2 + max(2, length)
