"""Hostile TIFF files: they cost little time and memory, and end in a documented error."""

import functools
import io
import logging
import random
import struct
import time
import tracemalloc
import zlib
from typing import Any, Final

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

import tiffs
from effort import examples
from pictures import encoded, photograph
from spike_core.domain.errors import (
    MultiplePages,
    TooManyPixels,
    UnacceptablePicture,
    UndecodablePicture,
    UnsupportedPicture,
)
from spike_core.domain.objects import PictureFormat
from spike_imaging.open import opened_picture
from spike_pillow.metadata import has_location
from tiffs import Kind, tiff, tiff_of_pages

SIZE: Final = (37, 23)
PHOTO: Final = np.asarray(photograph(size=SIZE))
GRAY: Final = np.asarray(photograph(size=SIZE).convert("L"))[..., None]
MB: Final = 1 << 20
SECONDS_MAX: Final = 5  # a hang guard; the slowest takes a hundredth of it
RGB, FLOAT = tiffs.RGB, tiffs.FLOAT
SEEDS: Final = 22


def by_tifffile(compression: str, **options: Any) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, PHOTO, photometric="rgb", compression=compression, **options)
    return out.getvalue()


@functools.cache
def seeds() -> list[bytes]:
    """Return files of all kinds, from which others are made."""
    return [
        tiff(GRAY, Kind()),
        tiff(GRAY, Kind(bits=12, byte_order=">", is_bit_reversed=True)),
        tiff(GRAY.astype(np.uint64) << 24, Kind(bits=32, compression=tiffs.DEFLATE, predictor=2)),
        tiff(GRAY.astype(np.uint64) << 16, Kind(bits=24, compression=tiffs.DEFLATE)),
        tiff(GRAY, Kind(bits=11, format=tiffs.SIGNED, compression=tiffs.PACKBITS)),
        tiff(GRAY, Kind(bits=5, photometric=tiffs.MIN_IS_WHITE, compression=tiffs.PACKBITS, strip_rows=4)),
        tiff(GRAY / 255, Kind(bits=32, format=FLOAT, predictor=3, compression=tiffs.DEFLATE, tags={341: (12, [2.0])})),
        tiff(GRAY / 255, Kind(bits=24, format=FLOAT, tile=(16, 16), is_big=True)),
        tiff(PHOTO, Kind(photometric=RGB, is_planar=True, compression=tiffs.LZMA)),
        tiff(PHOTO, Kind(photometric=tiffs.LAB)),
        tiff(PHOTO, Kind(photometric=tiffs.YCBCR, tags={530: (3, [2, 2])})),
        tiff(GRAY, Kind(photometric=tiffs.PALETTE, tags={320: (3, list(range(0, 65536, 256)) * 3)})),
        tiff(np.dstack((PHOTO, GRAY)) * 257.0, Kind(bits=16, photometric=RGB, extra=(1,))),
        tiff(np.dstack((PHOTO, GRAY)), Kind(photometric=tiffs.CMYK)),
        tiff_of_pages([(GRAY[:5], Kind(tags={254: (4, [1])}))], children=[(GRAY, Kind()), (GRAY[:9], Kind())]),
        by_tifffile("lzw", predictor=True),
        by_tifffile("zstd", tile=(16, 16)),
        by_tifffile("webp"),
        encoded(photograph(size=SIZE), PictureFormat.TIFF, compression="jpeg"),
        *(encoded(photograph(size=SIZE).convert("1"), PictureFormat.TIFF, compression=f"group{n}") for n in (3, 4)),
        encoded(photograph(size=SIZE).convert("1"), PictureFormat.TIFF, compression="tiff_ccitt"),
    ]


HUGE: Final = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\1", b"\0\x10\0\0"]


def taken(data: bytes) -> bool:
    """Open and decode a file, search it for a location, and return whether it was accepted."""
    try:
        with opened_picture(data) as opened:
            opened.decode().srgb()
        has_location(data, PictureFormat.TIFF)
    except UnacceptablePicture:
        return False
    return True


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(seeds())))
    chance = random.Random(draw(st.integers(0, 2**32)))  # noqa: S311  # Hypothesis shrinks the seed; no secret
    directory = struct.unpack_from("<I" if data[:1] == b"I" else ">I", data, 4)[0] % len(data)
    for _ in range(draw(st.integers(1, 8))):
        spots = [chance.randrange(len(data)), min(directory + chance.randrange(200), len(data) - 1)]
        at = chance.choice(spots)
        match chance.randrange(5):
            case 0 | 1 | 2:
                data[at] = chance.randrange(256)
            case 3:
                data[at : at + 4] = chance.choice(HUGE)
            case _:
                data[at:at] = data[at : at + chance.randrange(1, 40)]
    return bytes(data)


@settings(max_examples=examples(500), deadline=None)
@given(data=mutated())
def test_a_mutated_tiff_is_read_or_refused_soon(data: bytes) -> None:
    start = time.process_time()
    taken(data)
    assert time.process_time() - start < SECONDS_MAX


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_tiff_cut_anywhere_is_read_or_refused(seed: int) -> None:
    assert len(seeds()) == SEEDS
    data = seeds()[seed]
    assert taken(data)
    for end in range(0, len(data), max(1, len(data) // 60)):
        taken(data[:end])


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (Kind(tags={256: (4, [10_000]), 257: (4, [5_001])}), TooManyPixels),
        (Kind(tags={256: (4, [2**32 - 1]), 257: (4, [2**32 - 1])}), TooManyPixels),
        (Kind(tags={256: (4, [0])}), UndecodablePicture),
        (Kind(tile=(16, 16), tags={322: (4, [60_000]), 323: (4, [60_000])}), TooManyPixels),
        (Kind(tile=(16, 16), tags={256: (4, [1]), 257: (4, [40_000_000]), 322: (4, [4096])}), TooManyPixels),
        (Kind(tile=(16, 16), tags={322: (4, [0])}), UndecodablePicture),
        (Kind(tags={277: (4, [2**32 - 1])}), UndecodablePicture),
        (Kind(bits=64, tags={256: (4, [10_000]), 257: (4, [5_000]), 277: (3, [64])}), UnsupportedPicture),
        (Kind(tags={257: (4, [40_000_000]), 256: (4, [1]), 278: (4, [1])}), UndecodablePicture),
        (Kind(tags={273: (4, [2**32 - 1])}), UndecodablePicture),
        (Kind(tags={273: (4, [])}), UndecodablePicture),
        (Kind(tags={258: (3, [0])}), UnsupportedPicture),
        (Kind(tags={317: (3, [77])}), UnsupportedPicture),
        (Kind(tags={339: (3, [3])}), UnsupportedPicture),
        (
            Kind(photometric=tiffs.YCBCR, tags={277: (3, [3]), 258: (3, [8, 8, 8]), 530: (3, [0, 0])}),
            UndecodablePicture,
        ),
    ],
)
def test_what_a_tiff_announces_is_judged_before_it_is_decoded(kind: Kind, error: type[UnacceptablePicture]) -> None:
    data = tiff(GRAY, kind)
    tracemalloc.start()
    try:
        with pytest.raises(error), opened_picture(data) as opened:
            opened.decode()
        assert tracemalloc.get_traced_memory()[1] < 60 * MB
    finally:
        tracemalloc.stop()


def test_a_strip_that_inflates_to_more_than_it_should_is_cut() -> None:
    bomb = zlib.compress(bytes(40 * MB), 1)
    for compression, data in {8: bomb, 32773: b"\x81\0" * 100_000}.items():
        small = tiff(GRAY, Kind(tags={259: (3, [compression]), 273: (4, [9999]), 279: (4, [len(data)])}))
        whole = small.replace((9999).to_bytes(4, "little"), len(small).to_bytes(4, "little")) + data
        tracemalloc.start()
        try:
            taken(whole)
            assert tracemalloc.get_traced_memory()[1] < 20 * MB
        finally:
            tracemalloc.stop()


def _directory(next_offset: int, entries: bytes, count: int) -> bytes:
    return struct.pack("<H", count) + entries + struct.pack("<I", next_offset)


def test_directories_in_a_circle_are_read_once() -> None:
    data = bytearray(tiff(GRAY, Kind()))
    first = int.from_bytes(data[4:8], "little")
    data[-4:] = first.to_bytes(4, "little")
    assert taken(bytes(data))
    child = tiff(GRAY, Kind(tags={330: (4, [8, first, first])}))
    taken(child)


def test_many_directories_are_refused_soon() -> None:
    entry = struct.pack("<HHII", 256, 4, 1, 1) + struct.pack("<HHII", 257, 4, 1, 1)
    size = 2 + len(entry) + 4
    body = b"".join(_directory(8 + size * (n + 1), entry, 2) for n in range(20_000))
    with pytest.raises(MultiplePages), opened_picture(b"II*\0\x08\0\0\0" + body):
        pass


def test_directories_that_overlap_are_refused_soon() -> None:
    """Each has the same 60 000 entries, one byte further on."""
    start = time.process_time()
    assert not taken(b"II*\0\x08\0\0\0" + b"\x60\xea" * 400_000)
    assert time.process_time() - start < SECONDS_MAX


@pytest.mark.parametrize(
    "entry",
    [(273, 3, 6_000_000), (258, 3, 6_000_000), (270, 2, 12_000_000), (33628, 4, 3_000_000), (50839, 1, 12_000_000)],
    ids=["offsets", "bits", "description", "MetaMorph's", "ImageJ's"],
)
def test_tags_that_are_read_at_once_are_rationed(entry: tuple[int, int, int]) -> None:
    entries = [struct.pack("<HHII", tag, 4, 1, 9) for tag in (256, 257)] + [struct.pack("<HHII", *entry, 8)]
    data = b"II*\0\x08\0\0\0" + _directory(0, b"".join(sorted(entries)), 3) + bytes(12 * MB)
    tracemalloc.start()
    try:
        assert not taken(data)
        assert tracemalloc.get_traced_memory()[1] < 30 * MB
    finally:
        tracemalloc.stop()


def test_many_directories_of_the_same_tag_are_refused_soon() -> None:
    entries = struct.pack("<HHII", 254, 4, 1, 1) + struct.pack("<HHII", 258, 3, 1, 8) * 4000
    size = 2 + len(entries) + 4
    start = time.process_time()
    chain = b"".join(_directory(8 + size * (n + 1), entries, 4001) for n in range(40))
    assert not taken(b"II*\0\x08\0\0\0" + chain)
    assert time.process_time() - start < SECONDS_MAX


@pytest.mark.parametrize("format_", [tiffs.UNSIGNED, FLOAT])
def test_reading_a_file_leaves_its_bytes_alone(format_: int) -> None:
    """Bytes are immutable, but codecs may write their result over their input."""
    data = tiff(
        GRAY / 255 if format_ == FLOAT else GRAY, Kind(bits=16, format=format_, predictor=2 if format_ == 1 else 3)
    )
    before = bytes(bytearray(data))
    assert taken(data)
    assert data == before


def test_what_is_wrong_with_a_file_isnt_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    assert taken(tiff(GRAY, Kind(tags={270: (2, [200] * 40), 279: (4, [0, 0, 0]), 34665: (4, [10**9])})))
    assert not caplog.records


def test_a_last_strip_that_is_filled_up_is_read() -> None:
    """Some writers give it as many rows as the other strips."""
    for compression in (tiffs.DEFLATE, tiffs.PACKBITS, tiffs.LZMA):
        data = tiff(np.pad(GRAY, ((0, 7), (0, 0), (0, 0))), Kind(compression=compression, strip_rows=10))
        tag = struct.pack("<HHI", 257, 4, 1)
        with opened_picture(data.replace(tag + struct.pack("<I", 30), tag + struct.pack("<I", 23))) as opened:
            assert (np.asarray(opened.decode().srgb())[..., :1] == GRAY).all()


def test_a_jpeg_larger_than_its_strip_is_refused() -> None:
    data = bytearray(encoded(photograph(size=SIZE), PictureFormat.TIFF, compression="jpeg"))
    frame = data.rindex(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", 65_000, 65_000)
    with pytest.raises(UndecodablePicture), opened_picture(bytes(data)) as opened:
        opened.decode()
