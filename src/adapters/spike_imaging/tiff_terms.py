"""Supported values of TIFF tags, and the names of some unsupported ones (TIFF 6.0, its technical notes)."""

from collections.abc import Mapping
from enum import Enum, IntEnum
from typing import Final


class Photometric(IntEnum):
    """The color model of samples (PhotometricInterpretation)."""

    MIN_IS_WHITE = 0
    MIN_IS_BLACK = 1
    RGB = 2
    PALETTE = 3
    CMYK = 5
    YCBCR = 6
    CIE_LAB = 8
    ICC_LAB = 9


class Compression(IntEnum):
    """The supported compressions of segments."""

    NONE = 1
    CCITT_RLE = 2
    CCITT_G3 = 3
    CCITT_G4 = 4
    LZW = 5
    OLD_JPEG = 6
    JPEG = 7
    ADOBE_DEFLATE = 8
    DEFLATE = 32946
    PACKBITS = 32773
    LZMA = 34925
    ZSTD = 50000
    WEBP = 50001


class SampleFormat(IntEnum):
    """The number format of samples."""

    UNSIGNED = 1
    SIGNED = 2
    FLOAT = 3
    UNDEFINED = 4  # read as unsigned, as the specification requires


class Alpha(Enum):
    """The kind of an extra sample (ExtraSamples)."""

    NONE = 0
    ASSOCIATED = 1  # colors are multiplied by it
    STRAIGHT = 2


CCITT: Final = frozenset({Compression.CCITT_RLE, Compression.CCITT_G3, Compression.CCITT_G4})
JPEGS: Final = frozenset({Compression.JPEG, Compression.OLD_JPEG})
LABS: Final = frozenset({Photometric.CIE_LAB, Photometric.ICC_LAB})
FLOAT_PREDICTOR: Final = 3
OTHER_COMPRESSIONS: Final[Mapping[int, str]] = {
    9: "JBIG",
    10: "JBIG",
    22610: "JPEG XR",
    32766: "NeXT",
    32771: "CCITT RLEW",
    32809: "ThunderScan",
    32908: "PixarFilm",
    32909: "PixarLog",
    33003: "JPEG 2000",
    33004: "JPEG 2000",
    33005: "JPEG 2000",
    33007: "JPEG",
    34661: "JBIG",
    34676: "SGI Log",
    34677: "SGI Log 24",
    34712: "JPEG 2000",
    34887: "LERC",
    34892: "lossy JPEG",
    34933: "PNG",
    34934: "JPEG XR",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
OTHER_COLOR_MODELS: Final[Mapping[int, str]] = {10: "ITU L*a*b*", 32844: "LogL", 32845: "LogLuv", 51177: "depths"}
