"""GIFs with one frame anywhere in or beyond their logical screen (GIF89a, sections 18 to 23), and odd ones."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

Color = tuple[int, int, int]

COLORS: Final[Sequence[Color]] = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))
OTHERS: Final[Sequence[Color]] = ((10, 20, 30), (200, 100, 50), (0, 0, 0), (255, 255, 255))

# screen, frame, and options of `a_gif`
FRAMES: Final[Mapping[str, tuple[tuple[int, int], tuple[int, int, int, int], dict[str, Any]]]] = {
    "within": ((20, 20), (4, 6, 8, 8), {}),
    "within, on a background color": ((20, 20), (4, 6, 8, 8), {"background": 1}),
    "within, on a transparent background color": ((20, 20), (4, 6, 8, 8), {"background": 2, "key": 2}),
    "within, with a transparent color": ((20, 20), (4, 6, 8, 8), {"key": 2}),
    "within, interlaced, with its own palette": ((20, 20), (3, 5, 9, 13), {"palette": OTHERS, "is_interlaced": True}),
    "within, with its own palette alone": ((12, 12), (2, 2, 8, 8), {"palette": OTHERS, "has_global": False}),
    "all of it": ((8, 8), (0, 0, 8, 8), {}),
    "all of it, with a transparent color": ((8, 8), (0, 0, 8, 8), {"key": 0}),
    "larger": ((10, 10), (0, 0, 20, 16), {}),
    "larger in one direction": ((10, 30), (0, 0, 20, 16), {}),
    "larger, and moved": ((10, 10), (2, 3, 20, 16), {}),
    "partly outside": ((10, 10), (6, 6, 8, 8), {}),
    "outside": ((10, 10), (20, 20, 4, 4), {}),
    "on no screen": ((0, 0), (0, 0, 8, 8), {}),
    "one pixel": ((10, 10), (0, 0, 1, 1), {}),
}


def a_gif(
    screen: tuple[int, int],
    frame: tuple[int, int, int, int],
    *,
    palette: Sequence[Color] = (),
    has_global: bool = True,
    background: int = 0,
    key: int = -1,
    is_interlaced: bool = False,
) -> bytes:
    """Return a GIF whose frame (left, top, width, height) is a checkerboard of four colors, in blocks of 2x2.

    `key` is the transparent color's number; `palette` is the frame's own, if it has one.
    """
    left, top, width, height = frame
    rows = [bytes((x // 2 + y // 2) % 4 for x in range(width)) for y in range(height)]
    if is_interlaced:
        rows = [*rows[::8], *rows[4::8], *rows[2::4], *rows[1::2]]
    head = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x81 if has_global else 0, background, 0)
    control = b"\x21\xf9\x04\x01\0\0" + bytes([key, 0]) if key >= 0 else b""
    flags = (0x81 if palette else 0) | (0x40 if is_interlaced else 0)
    descriptor = b"," + struct.pack("<HHHHB", left, top, width, height, flags)
    return b"".join(
        (
            head,
            _palette(COLORS) if has_global else b"",
            control,
            descriptor,
            _palette(palette),
            _compressed(b"".join(rows)),
            b";",
        )
    )


def _palette(colors: Iterable[Color]) -> bytes:
    return b"".join(map(bytes, colors))


def _compressed(values: bytes) -> bytes:
    """Return 2-bit values in LZW that never fills its table: a clear code precedes each two."""
    codes = [code for at, value in enumerate(values) for code in ((4, value) if at % 2 == 0 else (value,))] + [5]
    bits = sum(code << (3 * at) for at, code in enumerate(codes))
    data = bits.to_bytes((3 * len(codes) + 7) // 8, "little")
    blocks = (data[at : at + 255] for at in range(0, len(data), 255))
    return b"\2" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"
