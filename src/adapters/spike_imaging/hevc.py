"""HEVC (ITU-T H.265), parsed as far as needed to limit decoding: units, and the size that a stream declares."""

from collections.abc import Iterator
from typing import Final

from attrs import define, frozen

from spike_core.domain.errors import UndecodablePicture
from spike_imaging.heif_boxes import Cursor

UNITS_MAX: Final = 65_536  # per file; a phone's picture of 48 megapixels has some hundred
_CODED_END: Final = 32  # units of a lower type are slices of a picture (7.4.2.2)
_PARAMETERS: Final = frozenset({32, 33, 34})  # video, sequence and picture parameter sets
_SEQUENCE: Final = 33
_HEADER_BYTES: Final = 2  # of a unit (7.3.1.2)
_SETS_MAX: Final = 64  # of one item; tiles share them, and those of each tile are read
_HEAD_BYTES: Final = 22  # of a decoder configuration record, before its arrays (ISO/IEC 14496-15, 8.3.3.1.2)
_SIZE_WITHIN_BYTES: Final = 256  # of a sequence parameter set: its size is near the start
_SEPARATE_PLANES: Final = 3  # the chroma format 4:4:4, which may have them


@frozen
class Configuration:
    """An item's decoder configuration, without other data that an encoder may have stored in it."""

    record: bytes  # the body of the `hvcC` box
    length_bytes: int  # of the length before each unit
    pixels: int  # of the largest picture that its parameter sets declare


def configuration_of(body: bytes) -> Configuration:
    """Return a decoder configuration with only its parameter sets.

    Raises:
        UndecodablePicture: it is broken.
    """
    cursor = Cursor(memoryview(body))
    head = bytes(cursor.bytes(_HEAD_BYTES))
    arrays: list[bytes] = []
    pixels, sets_left = 0, _SETS_MAX
    for _ in range(cursor.number(1)):
        kind = cursor.number(1)
        units = [bytes(cursor.bytes(cursor.number(2))) for _ in range(_bounded(cursor.number(2), sets_left))]
        sets_left -= len(units)
        if kind & 0x3F not in _PARAMETERS:
            continue
        pixels = max([pixels, *(pixels_of(unit) for unit in units if _kind_of(unit) == _SEQUENCE)])
        joined = b"".join(len(unit).to_bytes(2) + unit for unit in units)
        arrays.append(bytes([kind]) + len(units).to_bytes(2) + joined)
    return Configuration(head + bytes([len(arrays)]) + b"".join(arrays), (head[21] & 3) + 1, pixels)


@frozen
class Stream:
    """A coded picture, without other data that an encoder may have stored in it."""

    data: bytes
    pixels: int  # declared by its own parameter sets; 0 if it has none
    units: int  # the number of units read
    is_bare: bool  # nothing was omitted


def stream_of(data: bytes, *, length_bytes: int, units_max: int = UNITS_MAX) -> Stream:
    """Return an item's coded picture: its slices, and the parameter sets among them.

    Raises:
        UndecodablePicture: it isn't exactly one picture, or has more than `units_max`.
    """
    kept: list[memoryview] = []
    pixels = pictures = left_out = 0
    for whole, unit in _units(data, length_bytes, units_max):
        kind = _kind_of(unit)
        if (kind >= _CODED_END and kind not in _PARAMETERS) or _layer_of(unit):
            left_out += 1
            continue
        if kind == _SEQUENCE:
            pixels = max(pixels, pixels_of(bytes(unit[:_SIZE_WITHIN_BYTES])))
        if kind < _CODED_END and unit[_HEADER_BYTES:] and unit[_HEADER_BYTES] & 0x80:  # first_slice_segment_in_pic_flag
            pictures += 1
        kept.append(whole)
    if pictures != 1:
        raise UndecodablePicture
    return Stream(b"".join(kept), pixels, len(kept) + left_out, is_bare=not left_out)


def pixels_of(unit: bytes) -> int:
    """Return the number of pixels that a sequence parameter set declares (7.3.2.2.1).

    Raises:
        UndecodablePicture: it is broken.
    """
    bits = _Bits(unit[_HEADER_BYTES:_SIZE_WITHIN_BYTES].replace(b"\0\0\3", b"\0\0"))
    bits.skip(4)
    layers = bits.number(3)
    bits.skip(1 + 88 + 8)  # the profile, the tier, the level
    parts = [bits.number(2) for _ in range(8 if layers else 0)][:layers]  # of each layer: its profile, its level
    bits.skip(sum(88 * (part >> 1) + 8 * (part & 1) for part in parts))
    bits.exponential()  # the set's id
    if bits.exponential() == _SEPARATE_PLANES:
        bits.skip(1)
    width_px, height_px = bits.exponential(), bits.exponential()
    return width_px * height_px


def _kind_of(unit: bytes | memoryview) -> int:
    if len(unit) < _HEADER_BYTES:
        raise UndecodablePicture
    return (unit[0] >> 1) & 0x3F


def _layer_of(unit: memoryview) -> int:
    return (unit[0] & 1) << 5 | unit[1] >> 3


def _units(data: bytes, length_bytes: int, units_max: int) -> Iterator[tuple[memoryview, memoryview]]:
    """Yield units with and without the length before them."""
    cursor = Cursor(memoryview(data))
    for _ in range(units_max + 1):
        if not cursor.rest:
            return
        begin = cursor.at
        unit = cursor.bytes(cursor.number(length_bytes))
        yield cursor.view[begin : cursor.at], unit
    raise UndecodablePicture


def _bounded(count: int, most: int) -> int:
    if count > most:
        raise UndecodablePicture
    return count


@define
class _Bits:
    """A reader of a parameter set's bits, from the most significant on (9.2)."""

    data: bytes
    at: int = 0

    def skip(self, count: int) -> None:
        self.at += count

    def number(self, count: int) -> int:
        if self.at + count > 8 * len(self.data):
            raise UndecodablePicture
        taken = 0
        for place in range(self.at, self.at + count):
            taken = taken << 1 | self.data[place >> 3] >> (7 - (place & 7)) & 1
        self.at += count
        return taken

    def exponential(self) -> int:
        """Return a number in Exp-Golomb code."""
        zeros = 0
        while not self.number(1):
            zeros += 1
            _bounded(zeros, 32)
        return (1 << zeros) - 1 + self.number(zeros)
