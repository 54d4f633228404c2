"""Camera RAW: sensor values that need developing; rejected by name.

RAW files are recognized by content rather than by name: many are TIFFs, with a small RGB picture in the first
directory.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from spike_core.domain.errors import UndecodablePicture, UnsupportedPicture
from spike_imaging.tiff_tags import Tag

if TYPE_CHECKING:
    from spike_imaging.tiff_directory import Directories, Directory

_ADVICE: Final = "Export it as JPEG, PNG or TIFF"
# first bytes, at an offset, of formats that aren't TIFF by their magic number
_SIGNATURES: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"IIRO", "ORF"),
    (0, b"IIRS", "ORF"),
    (0, b"MMOR", "ORF"),
    (0, b"IIU\0", "RW2"),
    (0, b"FUJIFILMCCD-RAW", "RAF"),
    (4, b"ftypcrx ", "CR3"),
    (0, b"FOVb", "X3F"),
    (0, b"\0MRM", "MRW"),
    (6, b"HEAPCCDR", "CRW"),
    (0, b"ARRI", "ARI"),
)
_CR2_HEADER: Final = b"II*\0\x10\0\0\0CR\2\0"  # Canon's marker between header and first directory
_COLOR_FILTER_ARRAY, _LINEAR_RAW = 32803, 34892  # PhotometricInterpretation (TIFF/EP, DNG 1.7)
# values of Compression used by camera makers: Sony, Samsung (two), Nikon and Pentax
_RAW_COMPRESSIONS: Final = frozenset({32767, 32769, 32770, 34713, 65535})
_KINDS: Final[Mapping[bytes, str]] = {
    b"NIKON": "NEF",
    b"CANON": "CR2",
    b"SONY": "ARW",
    b"PENTAX": "PEF",
    b"RICOH": "PEF",
    b"SAMSUNG": "SRW",
    b"KODAK": "DCR",
    b"EASTMAN KODAK": "DCR",
    b"HASSELBLAD": "3FR",
    b"PHASE ONE": "IIQ",
    b"SEIKO EPSON": "ERF",
    b"MAMIYA": "MEF",
    b"LEAF": "MOS",
    b"LEICA": "RWL",
    b"PANASONIC": "RW2",
    b"OLYMPUS": "ORF",
}


def refuse_raw_signature(data: bytes) -> None:
    """Check that a file doesn't have the signature of a non-TIFF RAW format.

    Raises:
        UnsupportedPicture: it does.
    """
    for offset, signature, kind in _SIGNATURES:
        if data.startswith(signature, offset):
            raise _refusal(kind)


def refuse_raw_tiff(directories: "Directories") -> None:
    """Check that no directory of a TIFF file contains sensor values.

    Raises:
        UnsupportedPicture: one does.
    """
    found = directories.all
    data = found[0].data
    if any(Tag.DNG_VERSION in directory for directory in found):
        raise _refusal("DNG")
    if data.startswith(_CR2_HEADER):
        raise _refusal("CR2")
    if any(map(_is_raw, found)):
        make = next(filter(None, map(_make_of, found)), b"")
        raise _refusal(next((kind for name, kind in _KINDS.items() if make.startswith(name)), ""))


def _is_raw(directory: "Directory") -> bool:
    try:
        return (
            directory.integer(Tag.PHOTOMETRIC_INTERPRETATION, 0) in {_COLOR_FILTER_ARRAY, _LINEAR_RAW}
            or directory.integer(Tag.COMPRESSION, 1) in _RAW_COMPRESSIONS
        )
    except UndecodablePicture:
        return False


def _make_of(directory: "Directory") -> bytes:
    return directory.content(Tag.MAKE).strip(b" \0").upper()


def _refusal(kind: str) -> UnsupportedPicture:
    return UnsupportedPicture(name=f"Camera RAW ({kind})" if kind else "Camera RAW", advice=_ADVICE)
