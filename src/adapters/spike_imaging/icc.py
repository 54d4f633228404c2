"""Writing of ICC profiles: RGB matrices with one parametric curve (ICC.1:2022)."""

import math
import struct
from typing import Final

from attrs import frozen

from spike_imaging.chromaticity import Matrix, Primaries

_FIXED: Final = 1 << 16  # s15Fixed16Number, 4.6
_FIXED_MAX: Final = (1 << 31) - 1
_HEADER_BYTES: Final = 128
_ENTRY_BYTES: Final = 12  # of the tag table: signature, offset, size
_VERSION: Final = 0x04300000
_D50: Final = (0.9642, 1.0, 0.8249)
_DESCRIPTION: Final = "Described by the file"
_COPYRIGHT: Final = "CC0"


@frozen(kw_only=True)
class Curve:
    """A transfer function to linear light: (a x + b)^gamma + e from `d` on, below it c x + f; type 4 of 10.18."""

    gamma: float
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 0.0
    f: float = 0.0

    def __call__(self, value: float) -> float:
        """Return the light of a value from 0 to 1."""
        return (self.a * value + self.b) ** self.gamma + self.e if value >= self.d else self.c * value + self.f

    def encoded(self) -> bytes:
        """Return the curve in the format of 10.18: its type and numbers. A plain exponent has its own type."""
        if self == Curve(gamma=self.gamma):
            return struct.pack(">HH", 0, 0) + _fixed(self.gamma)
        return struct.pack(">HH", 4, 0) + _fixed(self.gamma, self.a, self.b, self.c, self.d, self.e, self.f)


def rgb_profile(primaries: Primaries, curve: Curve) -> bytes:
    """Return a profile of an RGB color space, always the same bytes.

    The primaries must span a color space.
    """
    matrix = primaries.to_xyz_d50()
    trc = b"para" + bytes(4) + curve.encoded()
    tags = {
        b"desc": _text(_DESCRIPTION),
        b"cprt": _text(_COPYRIGHT),
        b"wtpt": _xyz(*_D50),
        b"rXYZ": _xyz(*_column(matrix, 0)),
        b"gXYZ": _xyz(*_column(matrix, 1)),
        b"bXYZ": _xyz(*_column(matrix, 2)),
        b"rTRC": trc,
        b"gTRC": trc,
        b"bTRC": trc,
    }
    return _profile(tags)


def _profile(tags: dict[bytes, bytes]) -> bytes:
    offset = _HEADER_BYTES + 4 + _ENTRY_BYTES * len(tags)
    table, bodies, offsets = b"", b"", dict[bytes, int]()
    for name, body in tags.items():
        if body not in offsets:  # equal ones are stored once, as 7.3 allows
            offsets[body] = offset + len(bodies)
            bodies += body + bytes(-len(body) % 4)
        table += name + struct.pack(">II", offsets[body], len(body))
    size_bytes = offset + len(bodies)
    header = struct.pack(">I4xI", size_bytes, _VERSION) + b"mntrRGB XYZ "
    header += bytes(12) + b"acsp" + bytes(28)  # no date; platform, flags, device: none; perceptual intent
    header += _fixed(*_D50)
    return header.ljust(_HEADER_BYTES, b"\0") + struct.pack(">I", len(tags)) + table + bodies


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">III", 0, 1, 12) + b"enUS" + struct.pack(">II", len(encoded), 28) + encoded


def _xyz(*values: float) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(*values)


def _column(matrix: Matrix, index: int) -> tuple[float, ...]:
    return tuple(row[index] for row in matrix)


def _fixed(*values: float) -> bytes:
    assert all(map(math.isfinite, values)), "the primaries span a color space"
    numbers = (max(-_FIXED_MAX, min(_FIXED_MAX, round(value * _FIXED))) for value in values)
    return b"".join(struct.pack(">i", number) for number in numbers)
