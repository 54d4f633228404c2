"""An AVIF's color encoding and bit depth, from the boxes of its primary item (ISO/IEC 14496-12 and 23008-12)."""

import struct
from collections.abc import Iterator
from itertools import islice
from typing import Final

from attrs import frozen

from spike_imaging.cicp import PEAK_CD_M2, ColorEncoding, encoding_of_nclx
from spike_imaging.color import is_profile

_BOXES_MAX: Final = 4096  # that are read in one container
_ITEMS_MAX: Final = 4096  # of a box of property associations
_ASSOCIATION_BOXES_MAX: Final = 16
_PROPERTIES_MAX: Final = 1024  # of one item
_FULL_BOX_BYTES: Final = 4  # version and flags
_MDCV_NITS: Final = 10_000  # its units in a cd/m2
_DEEP_BITS: Final = {0: 8, 1: 10, 2: 12}  # by the two flags of an AV1 configuration record


@frozen(kw_only=True)
class AvifFacts:
    """The properties of the primary item."""

    encoding: ColorEncoding
    bit_depth: int  # 8, 10 or 12


def avif_facts(data: bytes, *, profile: bytes = b"") -> AvifFacts:
    """Return the color properties of an AVIF; sRGB and 8 bits if it has none, or is broken.

    `profile` is its ICC profile, which takes precedence over the code points of an `nclx` box.
    """
    try:
        properties = list(islice(_properties_of_primary(memoryview(data)), _PROPERTIES_MAX))
    except (struct.error, IndexError, ValueError):
        properties = []
    depth = next((_depth(body) for name, body in properties if name == b"av1C"), 8)
    if profile and is_profile(profile):
        return AvifFacts(encoding=ColorEncoding(profile=profile), bit_depth=depth)
    encoding = ColorEncoding()
    for name, body in properties:
        if name == b"colr" and bytes(body[:4]) == b"nclx" and len(body) >= 10:  # noqa: PLR2004
            primaries, transfer = struct.unpack(">HH", body[4:8])
            encoding = encoding_of_nclx(primaries, transfer, peak_cd_m2=_peak_cd_m2(properties))
            break
    return AvifFacts(encoding=encoding, bit_depth=depth)


Property = tuple[bytes, memoryview]


def _properties_of_primary(data: memoryview) -> Iterator[Property]:
    """Yield the primary item's properties, and the AV1 configurations of all items, since a grid has none itself."""
    meta = _child(data, b"meta")[_FULL_BOX_BYTES:]
    item_id = _primary_id(_child(meta, b"pitm"))
    iprp = _child(meta, b"iprp")
    properties = list(_boxes(_child(iprp, b"ipco")))
    associations = (body for name, body in _boxes(iprp) if name == b"ipma")
    for body in islice(associations, _ASSOCIATION_BOXES_MAX):
        yield from (properties[index - 1] for index in _associated(body, item_id) if 0 < index <= len(properties))
    yield from ((name, body) for name, body in properties if name == b"av1C")


def _boxes(data: memoryview) -> Iterator[Property]:
    offset = 0
    for _ in range(_BOXES_MAX):
        if offset + 8 > len(data):
            return
        size, header = int.from_bytes(data[offset : offset + 4]), 8
        name = bytes(data[offset + 4 : offset + 8])
        if size == 1:  # a large size follows
            size, header = int.from_bytes(data[offset + 8 : offset + 16]), 16
        elif size == 0:  # to the end
            size = len(data) - offset
        if size < header:
            return
        yield name, data[offset + header : offset + size]
        offset += size


def _child(data: memoryview, name: bytes) -> memoryview:
    """Return the first box with this name; empty if there is none."""
    return next((body for found, body in _boxes(data) if found == name), data[:0])


def _primary_id(body: memoryview) -> int:
    return int.from_bytes(body[4:6] if body[0] == 0 else body[4:8])


def _associated(body: memoryview, item_id: int) -> Iterator[int]:
    """Yield the numbers of an item's properties, starting from 1 (ISO/IEC 23008-12, 9.3)."""
    version, is_wide = body[0], bool(body[3] & 1)
    id_bytes, width = 2 if version == 0 else 4, 2 if is_wide else 1
    offset = 8
    for _ in range(min(int.from_bytes(body[4:8]), _ITEMS_MAX)):
        found = int.from_bytes(body[offset : offset + id_bytes])
        count = body[offset + id_bytes]
        offset += id_bytes + 1
        end = offset + count * width
        if found == item_id:
            for place in range(offset, end, width):
                yield int.from_bytes(body[place : place + width]) & (0x7FFF if is_wide else 0x7F)
        offset = end


def _depth(body: memoryview) -> int:
    """Return the bits per sample in an AV1 configuration record (AV1-ISOBMFF, 2.3.3)."""
    flags = body[2] if len(body) > 2 else 0  # noqa: PLR2004
    return _DEEP_BITS[(flags >> 6 & 1) + (flags >> 6 & flags >> 5 & 1)]


def _peak_cd_m2(properties: list[Property]) -> float:
    """Return the brightest pixel's luminance from `clli`, otherwise the maximum luminance of the mastering display."""
    bodies = dict(reversed(properties))
    if peak := int.from_bytes(bodies.get(b"clli", b"")[:2]):
        return float(peak)
    if peak := int.from_bytes(bodies.get(b"mdcv", b"")[16:20]):
        return peak / _MDCV_NITS
    return PEAK_CD_M2
