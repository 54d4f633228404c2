"""TIFF files of any kind, written directly from TIFF 6.0, as an oracle that shares no code with the reader."""

import lzma
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

UNSIGNED, SIGNED, FLOAT = 1, 2, 3
MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, CMYK, YCBCR, LAB, ICC_LAB = 0, 1, 2, 3, 5, 6, 8, 9
NONE, DEFLATE, PACKBITS, LZMA = 1, 8, 32773, 34925
_TYPES: Final = {1: "B", 2: "s", 3: "H", 4: "I", 7: "B", 11: "f", 12: "d", 13: "I", 16: "Q"}
# tags with other types than LONG
_TAG_TYPES: Final = {258: 3, 259: 3, 262: 3, 277: 3, 284: 3, 317: 3, 320: 3, 338: 3, 339: 3, 266: 3, 274: 3, 530: 3}

Tags = Mapping[int, tuple[int, Sequence[Any]]]  # type and values, by number


@frozen(kw_only=True)
class Kind:
    """How a TIFF stores its pixels."""

    bits: int = 8
    format: int = UNSIGNED
    photometric: int = MIN_IS_BLACK
    compression: int = NONE
    predictor: int = 1
    is_planar: bool = False
    is_bit_reversed: bool = False
    tile: tuple[int, int] = (0, 0)  # width and height; (0, 0) for strips
    strip_rows: int = 0  # 0 for a single strip
    byte_order: str = "<"
    is_big: bool = False
    extra: tuple[int, ...] = ()  # ExtraSamples
    tags: Tags = field(factory=dict)


def numbers_of(levels: NDArray[np.float64], kind: Kind) -> NDArray[Any]:
    """Return samples of 0 to 1 as this kind stores them, using its whole range."""
    if kind.photometric == MIN_IS_WHITE:
        levels = 1 - levels
    if kind.format == FLOAT:
        return levels
    whole = np.rint(levels * (2.0**kind.bits - 1))
    return whole - 2.0 ** (kind.bits - 1) if kind.format == SIGNED else whole


def tiff(samples: NDArray[Any], kind: Kind) -> bytes:
    """Return a file of one page: `samples` has rows, columns and channels, as numbers of the kind's format."""
    return tiff_of_pages([(samples, kind)])


def tiff_of_pages(
    pages: Sequence[tuple[NDArray[Any], Kind]], *, children: Sequence[tuple[NDArray[Any], Kind]] = ()
) -> bytes:
    """Return a file of several pages, the first of which has `children` (SubIFDs)."""
    first = pages[0][1]
    order, is_big = first.byte_order, first.is_big
    out = bytearray(_header(order, is_big))
    child_offsets = [_append(out, *each)[0] for each in children]
    link = len(_header(order, is_big)) - (8 if is_big else 4)
    for index, (samples, kind) in enumerate(pages):
        more = {330: (4, child_offsets)} if child_offsets and index == 0 else {}
        start, end = _append(out, samples, evolve(kind, tags={**kind.tags, **more}))
        struct.pack_into(order + ("Q" if is_big else "I"), out, link, start)
        link = end
    return bytes(out)


def _header(order: str, is_big: bool) -> bytes:
    mark = b"II" if order == "<" else b"MM"
    if is_big:
        return mark + struct.pack(order + "HHHQ", 43, 8, 0, 0)
    return mark + struct.pack(order + "HI", 42, 0)


def _append(out: bytearray, samples: NDArray[Any], kind: Kind) -> tuple[int, int]:
    """Append a page; return the offsets of its directory and of the directory's link."""
    height, width, channels = samples.shape
    offsets, sizes = [], []
    for segment in _segments(samples, kind):
        data = _compressed(_packed(segment, kind), kind)
        offsets.append(len(out))
        sizes.append(len(data))
        out += data + b"\0" * (len(data) % 2)
    values: dict[int, Sequence[Any]] = {
        256: [width],
        257: [height],
        258: [kind.bits] * channels,
        259: [kind.compression],
        262: [kind.photometric],
        277: [channels],
        284: [2 if kind.is_planar else 1],
        339: [kind.format] * channels,
    }
    if kind.predictor != 1:
        values[317] = [kind.predictor]
    if kind.is_bit_reversed:
        values[266] = [2]
    if kind.extra:
        values[338] = kind.extra
    if kind.tile == (0, 0):
        values |= {273: offsets, 278: [kind.strip_rows or height], 279: sizes}
    else:
        values |= {322: [kind.tile[0]], 323: [kind.tile[1]], 324: offsets, 325: sizes}
    tags = {tag: (_TAG_TYPES.get(tag, 4), list(each)) for tag, each in values.items()} | dict(kind.tags)
    return _append_directory(out, dict(sorted(tags.items())), kind)


def _append_directory(out: bytearray, tags: Tags, kind: Kind) -> tuple[int, int]:
    order, room = kind.byte_order, 8 if kind.is_big else 4
    entries = b""
    for tag, (type_, values) in tags.items():
        body = bytes(values) if type_ == 2 else struct.pack(f"{order}{len(values)}{_TYPES[type_]}", *values)
        if len(body) > room:
            at = struct.pack(order + ("Q" if kind.is_big else "I"), len(out))
            out += body + b"\0" * (len(body) % 2)
        else:
            at = body.ljust(room, b"\0")
        entries += struct.pack(order + ("HHQ" if kind.is_big else "HHI"), tag, type_, len(values)) + at
    start = len(out)
    out += struct.pack(order + ("Q" if kind.is_big else "H"), len(tags)) + entries
    end = len(out)
    out += bytes(room)
    return start, end


def _segments(samples: NDArray[Any], kind: Kind) -> list[NDArray[Any]]:
    height, width, channels = samples.shape
    planes = [samples[..., n : n + 1] for n in range(channels)] if kind.is_planar else [samples]
    across, down = kind.tile if kind.tile != (0, 0) else (width, kind.strip_rows or height)
    segments = []
    for plane in planes:
        for top in range(0, height, down):
            for left in range(0, width, across):
                segment = plane[top : top + down, left : left + across]
                if kind.tile != (0, 0):
                    spare = ((0, down - segment.shape[0]), (0, across - segment.shape[1]), (0, 0))
                    segment = np.pad(segment, spare)
                segments.append(segment)
    return segments


def _packed(segment: NDArray[Any], kind: Kind) -> bytes:
    if kind.format == FLOAT:
        return _packed_floats(segment, kind)
    whole = segment.astype(np.int64).astype(np.uint64) if kind.bits < 64 else _whole_64(segment, kind)
    mask = np.uint64(2**kind.bits - 1)
    if kind.predictor == 2:
        whole = np.diff(whole, axis=1, prepend=np.zeros_like(whole[:, :1]))
    whole &= mask
    if kind.bits in {8, 16, 24, 32, 64}:
        octets = whole.astype(">u8").view(np.uint8).reshape(*whole.shape, 8)[..., 8 - kind.bits // 8 :]
        data = (octets if kind.byte_order == ">" else octets[..., ::-1]).tobytes()
    else:
        bits = whole[..., None] >> np.arange(kind.bits - 1, -1, -1, dtype=np.uint64) & np.uint64(1)
        data = np.packbits(bits.astype(np.uint8).reshape(len(whole), -1), axis=1).tobytes()
    return data


def _whole_64(segment: NDArray[Any], kind: Kind) -> NDArray[np.uint64]:
    """Return 64-bit integers, the highest of which floating-point numbers can't represent."""
    low = -(2**63) if kind.format == SIGNED else 0
    flat = [min(max(int(value), low), low + 2**64 - 1) % 2**64 for value in segment.ravel()]
    return np.array(flat, np.uint64).reshape(segment.shape)


def _packed_floats(segment: NDArray[Any], kind: Kind) -> bytes:
    octets = _float_octets(segment, kind.bits)  # highest first
    rows, width, channels, size = octets.shape
    if kind.predictor == 3:
        planes = octets.reshape(rows, width * channels, size).transpose(0, 2, 1).reshape(rows, -1, channels)
        return np.diff(planes, axis=1, prepend=np.zeros_like(planes[:, :1])).tobytes()
    return (octets if kind.byte_order == ">" else octets[..., ::-1]).tobytes()


def _float_octets(segment: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    if bits != 24:
        return segment.astype(f">f{bits // 8}").view(np.uint8).reshape(*segment.shape, bits // 8)
    # 1 bit of sign, 7 of exponent with a bias of 63, 16 of mantissa (TIFF technical note 3)
    mantissas, exponents = np.frexp(np.abs(segment.astype(float)))
    parts = np.rint((mantissas * 2 - 1) * 65536).astype(np.int64)
    exponents = exponents + 62 + (parts == 65536)
    whole = np.where(segment == 0, 0, (exponents.astype(np.int64) << 16) | (parts & 0xFFFF))
    whole |= (segment < 0).astype(np.int64) << 23
    return whole.astype(">u4").view(np.uint8).reshape(*segment.shape, 4)[..., 1:]


def _compressed(data: bytes, kind: Kind) -> bytes:
    match kind.compression:
        case 8:
            data = zlib.compress(data)
        case 32773:
            parts = (data[at : at + 128] for at in range(0, len(data), 128))
            data = b"".join(bytes([len(part) - 1]) + part for part in parts)
        case 34925:
            data = lzma.compress(data)
        case _:
            assert kind.compression == NONE
    if kind.is_bit_reversed:
        data = bytes(int(f"{value:08b}"[::-1], 2) for value in data)
    return data
