"""EXIF (CIPA DC-008, version 2.32): which tags are harmless, which go into results, and how little shows a turn."""

from collections.abc import Mapping
from typing import Final

from PIL.ExifTags import IFD, Base
from PIL.Image import Exif
from PIL.TiffImagePlugin import IFDRational

IDENTIFIER: Final = b"Exif\0\0"  # before a block, in JPEG
HARMLESS_BYTES_MAX: Final = 2048  # who has more to say than the tags below take is hiding something
_SLACK_BYTES_MAX: Final = 8  # that no tag accounts for
_LABEL_BYTES_MAX: Final = 4096
_TEXT_CHARS_MAX: Final = 200
_NUMBERS_MAX: Final = 4

# what a camera says of itself and of how it took the picture, in either folder of tags
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
_AUTHOR: Final = (Base.Artist, Base.Copyright)
# harmless, but true of the original alone
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
_SRGB: Final = 1  # of the tag ColorSpace


def is_harmless(block: bytes) -> bool:
    """Return whether a block of EXIF holds nothing but well-known tags, none of which can tell a place."""
    if len(block) > HARMLESS_BYTES_MAX:
        return False
    try:
        exif = read(block)
        accounted_bytes = len(exif.tobytes().removeprefix(IDENTIFIER))
        if exif.get_ifd(IFD.IFD1) or not {*exif, *exif.get_ifd(IFD.Exif)} <= HARMLESS:  # IFD1 is a thumbnail's
            return False
        return len(block) <= accounted_bytes + _SLACK_BYTES_MAX
    except Exception:  # noqa: BLE001  # metadata are anybody's bytes; if we can't read them, others may
        return False


def read(block: bytes) -> Exif:
    """Return the tags of a block. What is broken shows when it is looked at, by any exception."""
    exif = Exif()
    exif.load(block)
    return exif


def of_turn(orientation: int) -> bytes:
    """Return a block that tells how a picture is turned, and nothing else; empty where it isn't."""
    if orientation == 1:
        return b""
    exif = Exif()
    exif[Base.Orientation] = orientation
    return exif.tobytes().removeprefix(IDENTIFIER)


def label(block: bytes) -> bytes:
    """Return a block for a result: another's camera, lens, exposure, date and author; empty where it has none."""
    try:
        exif = read(block)
        main = _kept(exif, (*_CAMERA, *_AUTHOR))
        taking = _kept(exif.get_ifd(IFD.Exif), _TAKING)
        if not main and not taking:
            return b""
        made = Exif()
        made.update(main)
        made.get_ifd(IFD.Exif).update({**taking, Base.ColorSpace: _SRGB})
        written = made.tobytes().removeprefix(IDENTIFIER)
    except Exception:  # noqa: BLE001  # metadata are anybody's bytes; a job doesn't fail for them
        return b""
    return written if len(written) <= _LABEL_BYTES_MAX else b""


def _kept(tags: Mapping[int, object], names: tuple[Base, ...]) -> dict[int, object]:
    return {name: tags[name] for name in names if name in tags and _is_plain(tags[name])}


def _is_plain(value: object) -> bool:
    match value:
        case str():
            return len(value) <= _TEXT_CHARS_MAX and value.isprintable()
        case IFDRational():
            return value.denominator != 0
        case int() | float():
            return True
        case tuple():
            return len(value) <= _NUMBERS_MAX and all(_is_plain(one) for one in value)
        case _:
            return False
