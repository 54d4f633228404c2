"""Baseline JPEGs: those that can be validated by their first rows, without decoding the rest.

In a JPEG with a single Huffman-coded scan (ITU T.81, annexes B and F) libjpeg rejects nothing after the scan's header:
wrong codes decode to some colors, and missing data decode to gray as long as the end is marked. Nearly all cameras
write such files, and decoding the codes is most of the cost of probing one. A file with several scans, arithmetic codes
or no end marker must be decoded completely.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from attrs import frozen

from spike_pillow.containers import Part

SIDE_PX_MAX: Final = 65_500  # libjpeg's JPEG_MAX_DIMENSION
HEAD_ROWS: Final = 16  # one row of blocks, however the colors are subsampled
HEAD_SCAN_BYTES: Final = 4096

_SOF: Final = frozenset({0xC0, 0xC1})  # baseline and extended sequential, Huffman-coded
_SOS: Final = 0xDA
# DHT, DQT, DRI, COM and application segments
_OTHERS: Final = frozenset({0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)})
_BITS: Final = 8
_SOI: Final = b"\xff\xd8"
_EOI: Final = b"\xff\xd9"
_SOF_BYTES_MIN: Final = 10  # up to the number of components
_SOS_BYTES_MIN: Final = 5


class NotBaseline(ValueError):
    """The file must be decoded completely to know whether it can be."""


@frozen
class _Frame:
    """A frame header (B.2.2)."""

    at: int  # offset in the head
    raw: bytes

    @classmethod
    def of(cls, raw: bytes, *, at: int) -> "_Frame":
        """Return the frame of a baseline JPEG.

        Raises:
            NotBaseline: it is another kind of frame.
        """
        frame = cls(at, raw)
        if len(raw) < _SOF_BYTES_MIN or raw[4] != _BITS or not 0 < frame.height_px <= SIDE_PX_MAX:
            raise NotBaseline
        return frame

    @property
    def height_px(self) -> int:
        return int.from_bytes(self.raw[5:7])

    @property
    def components(self) -> int:
        return self.raw[9]


def head_of(parts: Sequence[Part]) -> bytes:
    """Return a JPEG of the first rows of another, given by its parts. If these rows can be decoded, so can all of it.

    Raises:
        NotBaseline: the other isn't a baseline JPEG.
    """
    if not parts or bytes(parts[0].raw) != _SOI:
        raise NotBaseline
    head = bytearray(_SOI)
    frame: _Frame | None = None
    for part, following in pairwise(parts[1:]):
        code = _code(part.raw)
        if code == _SOS:
            if frame is None or bytes(following.raw) != _EOI:
                raise NotBaseline
            return _with_scan(head, part.raw, frame)
        if code in _SOF:
            if frame is not None:
                raise NotBaseline
            frame = _Frame.of(bytes(part.raw), at=len(head))
        elif code not in _OTHERS:
            raise NotBaseline
        head += part.raw
    raise NotBaseline


def _code(raw: bytes | memoryview) -> int:
    """Return a segment's code; 255 if fill bytes precede it, which is no segment's code."""
    return raw[1]


def _with_scan(head: bytearray, scan: bytes | memoryview, frame: _Frame) -> bytes:
    """Return the head with the start of its scan and an end marker, and with the height reduced accordingly."""
    if len(scan) < _SOS_BYTES_MIN or scan[4] != frame.components:  # otherwise there would be more scans
        raise NotBaseline
    rows = min(frame.height_px, HEAD_ROWS)
    head[frame.at + 5 : frame.at + 7] = rows.to_bytes(2)
    header_bytes = 2 + int.from_bytes(scan[2:4])
    return bytes(head) + bytes(scan[: header_bytes + HEAD_SCAN_BYTES]) + _EOI
