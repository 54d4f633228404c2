"""Plain JPEGs: those whose head tells whether libjpeg decodes them to their end, without its doing so.

Of a JPEG with one scan in Huffman codes (ITU T.81, annexes B and F), libjpeg refuses nothing behind the scan's header:
wrong codes are read as some colors, and where the data end early it goes on in gray, as long as the end is marked.
Nearly all cameras write such files, and reading their codes is most of what a look at one costs. A file with several
scans, or arithmetic codes, or no end, isn't plain: it has to be decoded.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from attrs import frozen

from spike_pillow.containers import Part

SIDE_PX_MAX: Final = 65_500  # libjpeg's JPEG_MAX_DIMENSION
HEAD_ROWS: Final = 16  # one row of blocks, however the colors are sampled
HEAD_SCAN_BYTES: Final = 4096

_SOF: Final = frozenset({0xC0, 0xC1})  # baseline and extended, in Huffman codes
_SOS: Final = 0xDA
# DHT, DQT, DRI, COM and the applications' own
_OTHERS: Final = frozenset({0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)})
_BITS: Final = 8
_SOI: Final = b"\xff\xd8"
_EOI: Final = b"\xff\xd9"
_SOF_BYTES_MIN: Final = 10  # as far as the number of components
_SOS_BYTES_MIN: Final = 5


class NotPlain(ValueError):
    """The file has to be decoded to say whether it can be."""


@frozen
class _Frame:
    """A frame header (B.2.2)."""

    at: int  # where it lies in the head
    raw: bytes

    @classmethod
    def of(cls, raw: bytes, *, at: int) -> "_Frame":
        """Return the frame of a plain JPEG.

        Raises:
            NotPlain: it is another's.
        """
        frame = cls(at, raw)
        if len(raw) < _SOF_BYTES_MIN or raw[4] != _BITS or not 0 < frame.height_px <= SIDE_PX_MAX:
            raise NotPlain
        return frame

    @property
    def height_px(self) -> int:
        return int.from_bytes(self.raw[5:7])

    @property
    def components(self) -> int:
        return self.raw[9]


def head_of(parts: Sequence[Part]) -> bytes:
    """Return a JPEG of the first rows of another, given by its parts. The one can be decoded if the other can.

    Raises:
        NotPlain: that can't be said of it.
    """
    if not parts or bytes(parts[0].raw) != _SOI:
        raise NotPlain
    head = bytearray(_SOI)
    frame: _Frame | None = None
    for part, behind in pairwise(parts[1:]):
        code = _code(part.raw)
        if code == _SOS:
            if frame is None or bytes(behind.raw) != _EOI:
                raise NotPlain
            return _with_scan(head, part.raw, frame)
        if code in _SOF:
            if frame is not None:
                raise NotPlain
            frame = _Frame.of(bytes(part.raw), at=len(head))
        elif code not in _OTHERS:
            raise NotPlain
        head += part.raw
    raise NotPlain


def _code(raw: bytes | memoryview) -> int:
    """Return a segment's code; 255 of one with fill bytes before it, which no segment has."""
    return raw[1]


def _with_scan(head: bytearray, scan: bytes | memoryview, frame: _Frame) -> bytes:
    """Return the head with the beginning of its scan and an end, and a height of so much as that."""
    if len(scan) < _SOS_BYTES_MIN or scan[4] != frame.components:  # else there would be more scans
        raise NotPlain
    rows = min(frame.height_px, HEAD_ROWS)
    head[frame.at + 5 : frame.at + 7] = rows.to_bytes(2)
    header_bytes = 2 + int.from_bytes(scan[2:4])
    return bytes(head) + bytes(scan[: header_bytes + HEAD_SCAN_BYTES]) + _EOI
