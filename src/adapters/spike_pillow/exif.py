"""EXIF (CIPA DC-008, version 3.0): harmless tags, tags that results keep, and minimal blocks with an orientation."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from PIL.ExifTags import IFD, Base
from PIL.Image import Exif

from spike_imaging.resolution import Resolution
from spike_pillow import tiff_directory as tiffs
from spike_pillow.text_encoding import is_line, may_be_line
from spike_pillow.tiff_directory import BrokenTiff, Field, Tiff, tiff_of

IDENTIFIER: Final = b"Exif\0\0"  # before a block in JPEG
HARMLESS_BYTES_MAX: Final = 2048  # a block with more than the harmless tags take may hide something
_SLACK_BYTES_MAX: Final = 8  # that no tag accounts for
_VALUE_BYTES_MAX: Final = 4096
_TEXT_CHARS_MAX: Final = 200
_AUTHOR_CHARS_MAX: Final = 1000
_NUMBERS_MAX: Final = 4
_PHOTOGRAPHER: Final = 0xA437  # since version 3.0

# what a camera writes about itself and the exposure, in either directory
_CAMERA: Final = (Base.Make, Base.Model, Base.DateTime)
_TAKING: Final = (
    Base.ExposureTime,
    Base.FNumber,
    Base.ExposureProgram,
    Base.ISOSpeedRatings,
    Base.SensitivityType,
    Base.DateTimeOriginal,
    Base.DateTimeDigitized,
    Base.OffsetTime,
    Base.OffsetTimeOriginal,
    Base.OffsetTimeDigitized,
    Base.SubsecTime,
    Base.SubsecTimeOriginal,
    Base.SubsecTimeDigitized,
    Base.ShutterSpeedValue,
    Base.ApertureValue,
    Base.BrightnessValue,
    Base.ExposureBiasValue,
    Base.MaxApertureValue,
    Base.MeteringMode,
    Base.LightSource,
    Base.Flash,
    Base.FocalLength,
    Base.FocalLengthIn35mmFilm,
    Base.ExposureMode,
    Base.WhiteBalance,
    Base.DigitalZoomRatio,
    Base.SceneCaptureType,
    Base.LensSpecification,
    Base.LensMake,
    Base.LensModel,
)
_AUTHOR: Final = (Base.Artist, Base.Copyright, Base.XPAuthor)
_TEXTS: Final = frozenset(
    {
        *_CAMERA,
        Base.DateTimeOriginal,
        Base.DateTimeDigitized,
        Base.OffsetTime,
        Base.OffsetTimeOriginal,
        Base.OffsetTimeDigitized,
        Base.SubsecTime,
        Base.SubsecTimeOriginal,
        Base.SubsecTimeDigitized,
        Base.LensMake,
        Base.LensModel,
    }
)
# types in which programs write texts; BYTE and UNDEFINED by mistake
_TEXT_TYPES: Final = frozenset({tiffs.ASCII, tiffs.UTF_8, tiffs.BYTE, tiffs.UNDEFINED})
# harmless, but true of the original only
_TECHNICAL: Final = frozenset(
    {
        Base.Orientation,
        Base.XResolution,
        Base.YResolution,
        Base.ResolutionUnit,
        Base.YCbCrPositioning,
        Base.Software,
        Base.ExifOffset,
        Base.ImageWidth,
        Base.ImageLength,
        Base.ExifVersion,
        Base.ComponentsConfiguration,
        Base.CompressedBitsPerPixel,
        Base.FlashPixVersion,
        Base.ColorSpace,
        Base.ExifImageWidth,
        Base.ExifImageHeight,
        Base.ExifInteroperabilityOffset,
        Base.SensingMethod,
        Base.FileSource,
        Base.SceneType,
        Base.CustomRendered,
        Base.GainControl,
        Base.Contrast,
        Base.Saturation,
        Base.Sharpness,
        Base.SubjectDistanceRange,
    }
)
HARMLESS: Final = frozenset(_CAMERA) | frozenset(_TAKING) | _TECHNICAL
_INCHES: Final = 2  # of the tag ResolutionUnit
_SHARES: Final = 1000  # of a pixel per inch
_SRGB: Final = 1  # of the tag ColorSpace


def is_harmless(block: bytes) -> bool:
    """Return whether a block of EXIF has only known tags, none of which can contain a location."""
    if len(block) > HARMLESS_BYTES_MAX:
        return False
    try:
        exif = read(block)
        accounted_bytes = len(exif.tobytes().removeprefix(IDENTIFIER))
        if exif.get_ifd(IFD.IFD1) or not {*exif, *exif.get_ifd(IFD.Exif)} <= HARMLESS:  # IFD1 is a thumbnail's
            return False
        return len(block) <= accounted_bytes + _SLACK_BYTES_MAX
    except Exception:  # noqa: BLE001  # metadata may be malformed; other readers may read what this one can't
        return False


def read(block: bytes) -> Exif:
    """Return the tags of a block. Defects appear on access, as any exception."""
    exif = Exif()
    exif.load(block)
    return exif


def of_turn(orientation: int) -> bytes:
    """Return a block that only has an orientation; empty if the picture is upright."""
    if orientation == 1:
        return b""
    exif = Exif()
    exif[Base.Orientation] = orientation
    return exif.tobytes().removeprefix(IDENTIFIER)


def for_result(block: bytes, resolution: Resolution | None = None) -> bytes:
    """Return a block for a result with the camera, lens, exposure, date and author of another; empty if it has none.

    One that has some also says the result's resolution, if it is given.
    Values are copied byte for byte, in the other's byte order, so texts remain valid in whatever encoding they have.
    Values that can't be copied so are omitted. `block` may be a complete TIFF file.
    """
    try:
        tiff = Tiff.of(block)
        main = tiff.main_directory({*_CAMERA, *_AUTHOR, Base.ExifOffset}, bytes_max=_VALUE_BYTES_MAX)
    except BrokenTiff:
        return b""
    kept = _kept(tiff, main.values())
    taking = _kept(tiff, _taking(tiff, main).values())
    if not kept and not taking:
        return b""
    srgb = Field(Base.ColorSpace, tiffs.SHORT, 1, _SRGB.to_bytes(2, tiff.byte_order))
    kept += _shown_at(resolution, byte_order=tiff.byte_order)
    return tiff_of(kept, [*taking, srgb], pointer=Base.ExifOffset, byte_order=tiff.byte_order)


def _shown_at(resolution: Resolution | None, *, byte_order: Literal["little", "big"]) -> list[Field]:
    if resolution is None:
        return []
    tags = zip((Base.XResolution, Base.YResolution), resolution, strict=True)
    values = [
        (tag, round(value * _SHARES).to_bytes(4, byte_order) + _SHARES.to_bytes(4, byte_order)) for tag, value in tags
    ]
    return [
        *(Field(tag, tiffs.RATIONAL, 1, value) for tag, value in values),
        Field(Base.ResolutionUnit, tiffs.SHORT, 1, _INCHES.to_bytes(2, byte_order)),
    ]


def _taking(tiff: Tiff, main: Mapping[int, Field]) -> dict[int, Field]:
    """Return the fields of the exposure; empty if the directory can't be found."""
    pointer = main.get(Base.ExifOffset)
    if pointer is None:
        return {}
    try:
        return tiff.directory(tiff.numbers(pointer)[0], {*_TAKING, _PHOTOGRAPHER}, bytes_max=_VALUE_BYTES_MAX)
    except BrokenTiff:
        return {}


def _kept(tiff: Tiff, fields: Iterable[Field]) -> list[Field]:
    return [each for each in fields if each.tag != Base.ExifOffset and _is_plain(tiff, each)]


def _is_plain(tiff: Tiff, field: Field) -> bool:
    """Return whether a value is a short text or a few numbers, as its tag requires."""
    match field.tag:
        case Base.XPAuthor:
            return field.type in _TEXT_TYPES and _is_windows_text(field.value)
        case Base.Copyright:  # of the photographer, NUL, of the editor, NUL (4.6.5.4.7)
            return field.type in _TEXT_TYPES and _is_text(field.value, strings_max=2, chars_max=_AUTHOR_CHARS_MAX)
        case tag if tag in {Base.Artist, _PHOTOGRAPHER}:
            return field.type in _TEXT_TYPES and _is_text(field.value, chars_max=_AUTHOR_CHARS_MAX)
        case tag if tag in _TEXTS:
            return field.type in _TEXT_TYPES and _is_text(field.value, chars_max=_TEXT_CHARS_MAX)
        case _:
            return _are_numbers(tiff, field)


def _is_text(value: bytes, *, chars_max: int, strings_max: int = 1) -> bool:
    strings = value.rstrip(b"\0").split(b"\0")
    return (
        len(value) <= chars_max * 4  # a character has at most 4 bytes in UTF-8
        and len(strings) <= strings_max
        and any(each.strip() for each in strings)
        and all(may_be_line(each, chars_max=chars_max) for each in strings)
    )


def _is_windows_text(value: bytes) -> bool:
    try:
        text = value.decode("utf-16-le").rstrip("\0")
    except UnicodeDecodeError:
        return False
    return bool(text.strip()) and len(text) <= _AUTHOR_CHARS_MAX and is_line(text)


def _are_numbers(tiff: Tiff, field: Field) -> bool:
    if field.type not in tiffs.NUMBERS or field.count > _NUMBERS_MAX:
        return False
    return field.type not in tiffs.RATIONALS or all(tiff.numbers(field)[1::2])  # no denominator is 0
