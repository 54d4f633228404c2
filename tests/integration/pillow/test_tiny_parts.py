"""Files of very many tiny parts take no more processor time than others of their size, or are refused at once."""

import io
import struct
import time
import zlib
from collections.abc import Callable, Mapping
from typing import Final

import pytest
from PIL import Image

from spike_core.domain.errors import UnsupportedPicture
from spike_core.domain.objects import PictureFormat
from spike_imaging.tiny_parts import without_tiny_parts
from spike_pillow import PillowMetadata
from spike_pillow.probe import PillowProbe

BYTES = 10_000_000
LOOK_MAX_S = 1.5  # of processor time, on a busy machine; most of these took 3 to 40


def a_picture(format_: str, **options: object) -> bytes:
    content = io.BytesIO()
    picture = Image.effect_mandelbrot((64, 48), (-2, -1.5, 1, 1.5), 60)
    picture.convert("RGB").save(content, format_, **options)
    return content.getvalue()


def a_segment(code: int, body: bytes = b"") -> bytes:
    return bytes([0xFF, code]) + struct.pack(">H", len(body) + 2) + body


def a_chunk(name: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def many(part: bytes) -> bytes:
    return part * (BYTES // len(part))


JPEG, PNG, GIF = a_picture("JPEG"), a_picture("PNG"), a_picture("GIF")
GIF_HEADER_BYTES = 13 + (3 << ((GIF[10] & 7) + 1))
RESOURCE = b"8BIM\4\4" + bytes(6)
BOMB_BYTES = 1_000_000


@pytest.mark.parametrize(
    ("start", "padding"), [(b"", b"\xff"), (a_segment(0xE5), b"\0")], ids=["fill bytes", "bytes of nothing"]
)
def test_megabytes_of_padding_between_segments_are_passed_over(start: bytes, padding: bytes) -> None:
    file = io.BytesIO(JPEG[:2] + start + many(padding) + JPEG[2:])
    began_s = time.process_time()
    found = PillowProbe().identify(file)
    with PillowMetadata().public(file) as public:
        assert public.read().startswith(b"\xff\xd8\xff")
    assert time.process_time() - began_s < 2 * LOOK_MAX_S
    assert (found.dimensions.width_px, found.dimensions.height_px) == (64, 48)


def test_bytes_within_segments_are_no_padding() -> None:
    like_padding = a_segment(0xE5, b"\xff" * 65_000)
    kept = without_tiny_parts(JPEG[:2] + like_padding + b"\xff" * 1_000_000 + JPEG[2:], PictureFormat.JPEG)
    assert kept.startswith(JPEG[:2] + like_padding)
    assert kept.endswith(JPEG[2:])
    assert kept[2 + len(like_padding) : -len(JPEG[2:])].strip(b"\xff") == b""
    assert len(kept) < 100_000


@pytest.mark.parametrize("format_", [PictureFormat.JPEG, PictureFormat.PNG])
def test_usual_files_and_their_starts_stay_as_they_are(format_: PictureFormat) -> None:
    data = a_picture(format_.name)
    for size in (*range(40), len(data) // 2, len(data)):
        assert without_tiny_parts(start := data[:size], format_) is start


PARTS: Final[Mapping[str, Callable[[], bytes]]] = {
    "JPEG, restarts": lambda: JPEG[:2] + many(b"\xff\xd0") + JPEG[2:],
    "JPEG, segments in unread segments": lambda: JPEG[:2] + many(a_segment(0xF0, a_segment(0xE5) * 16_000)) + JPEG[2:],
    "JPEG, Exif in parts": lambda: JPEG[:2] + many(a_segment(0xE1, b"Exif\0\0" + b"x" * 100)) + JPEG[2:],
    "JPEG, tables": lambda: JPEG[:2] + many(a_segment(0xDB, (b"\0" + b"x" * 64) * 1000)) + JPEG[2:],
    "JPEG, resources": lambda: JPEG[:2] + many(a_segment(0xED, b"Photoshop 3.0\0" + RESOURCE * 5000)) + JPEG[2:],
    "PNG, chunks": lambda: PNG[:33] + many(a_chunk(b"teSt")) + PNG[33:],
    "PNG, chunks behind the pixels": lambda: PNG[:-12] + many(a_chunk(b"teSt")) + PNG[-12:],
    "PNG, profiles": lambda: PNG[:33] + many(a_chunk(b"iCCP", b"x\0\0" + zlib.compress(b"x" * BOMB_BYTES))) + PNG[33:],
    "GIF, extensions": lambda: GIF[:GIF_HEADER_BYTES] + many(b"!\xaa\1x\0") + GIF[GIF_HEADER_BYTES:],
    "GIF, sub-blocks": lambda: GIF[:GIF_HEADER_BYTES] + b"!\xaa" + many(b"\1x") + b"\0" + GIF[GIF_HEADER_BYTES:],
    "GIF, extensions behind the pixels": lambda: GIF[:-1] + many(b"!\xaa\1x\0") + GIF[-1:],
    "GIF, bytes of nothing": lambda: GIF[:GIF_HEADER_BYTES] + bytes(BYTES) + GIF[GIF_HEADER_BYTES:],
}


@pytest.mark.parametrize("parts", PARTS)
def test_millions_of_tiny_parts_are_refused_at_once(parts: str) -> None:
    data = PARTS[parts]()
    began_s = time.process_time()
    with pytest.raises(UnsupportedPicture, match="too many"):
        PillowProbe().identify(io.BytesIO(data))
    assert time.process_time() - began_s < LOOK_MAX_S


@pytest.mark.parametrize("padding", [b"\xff\xd0", b"\xff"], ids=["restarts", "fill bytes"])
def test_padding_within_a_scan_is_passed_over(padding: bytes) -> None:
    began_s = time.process_time()
    PillowProbe().inspect(io.BytesIO(JPEG[:-2] + many(padding) + JPEG[-2:]))
    assert time.process_time() - began_s < LOOK_MAX_S
