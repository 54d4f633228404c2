"""Hostile bytes: they cost little time and memory, and end in a documented error."""

import functools
import io
import random
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effort import examples
from pictures import (
    a_gif_that_announces,
    a_jpeg_that_announces,
    a_png_that_announces,
    a_tiff_with_one_tile,
    a_webp_that_announces,
    an_animation,
    encoded,
    exif,
    photograph,
)
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UnacceptablePicture
from spike_core.domain.objects import PictureFormat
from spike_pillow import PillowProbe, PillowUpscaler

SMALL: Final = (40, 30)


@functools.cache
def seeds() -> list[bytes]:
    """Return files of all kinds, from which others are made."""
    return [
        encoded(photograph(size=SMALL), exif=exif(orientation=6)),
        encoded(photograph(size=SMALL), progressive=True),
        encoded(photograph(size=SMALL).convert("CMYK")),
        encoded(photograph(size=SMALL), PictureFormat.PNG, exif=exif(orientation=3)),
        encoded(photograph(size=SMALL).convert("P"), PictureFormat.PNG, transparency=3),
        encoded(photograph(size=SMALL).convert("LA"), PictureFormat.PNG),
        encoded(photograph(size=SMALL), PictureFormat.WEBP, exif=exif()),
        encoded(photograph(size=SMALL).convert("RGBA"), PictureFormat.WEBP, lossless=True),
        encoded(photograph(size=SMALL), PictureFormat.GIF),
        encoded(photograph(size=SMALL), PictureFormat.AVIF, exif=exif(orientation=8)),
        encoded(photograph(size=SMALL), PictureFormat.TIFF),
        encoded(photograph(size=SMALL), PictureFormat.TIFF, compression="tiff_lzw"),
        encoded(photograph(size=SMALL), PictureFormat.TIFF, compression="jpeg"),
        encoded(photograph(size=SMALL).convert("F"), PictureFormat.TIFF),
        a_tiff_with_one_tile(64, 64),
        an_animation(PictureFormat.GIF, size=SMALL),
        an_animation(PictureFormat.TIFF, size=SMALL),
    ]


# as in production, where Pillow's warnings are no errors
PILLOW_WARNS: Final = pytest.mark.filterwarnings("ignore")


@st.composite
def mutated_pictures(draw: st.DrawFn) -> bytes:
    """Draw a valid picture with changed, removed, repeated or inserted bytes, mostly near its head."""
    data = bytearray(draw(st.sampled_from(seeds())))
    chance = random.Random(draw(st.integers(0, 2**32)))  # noqa: S311  # Hypothesis shrinks the seed; no secret
    for _ in range(draw(st.integers(1, 12))):
        reach = len(data) if chance.random() < 0.4 else min(len(data), 200)
        at = chance.randrange(max(1, reach))
        match chance.randrange(6):
            case 0 | 1 | 2:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 3:
                data[at : at + 4] = chance.choice([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\1"])
            case 4:
                del data[at : at + chance.randrange(1, 40)]
            case _:
                data[at:at] = data[at : at + chance.randrange(1, 40)]
    return bytes(data)


@PILLOW_WARNS
@settings(max_examples=examples(600), deadline=None)
@given(data=mutated_pictures())
def test_a_mutated_picture_is_read_or_refused_by_one_of_our_errors(data: bytes) -> None:
    content = io.BytesIO(data)
    try:
        facts = PillowProbe().inspect(content)
    except UnacceptablePicture:
        facts = None
    assert facts is None or facts.dimensions.pixels > 0
    assert content.tell() == 0


@PILLOW_WARNS
@settings(max_examples=examples(200), deadline=None)
@given(data=mutated_pictures())
def test_a_mutated_picture_is_enhanced_to_the_size_or_refused_for_good(data: bytes) -> None:
    size = Dimensions(width_px=64, height_px=48)
    try:
        picture = PillowUpscaler().enhance(io.BytesIO(data), size=size)
    except UnacceptablePicture:
        return
    assert picture.dimensions == size


@PILLOW_WARNS
@settings(max_examples=examples(300), deadline=None)
@given(
    head=st.deferred(lambda: st.sampled_from([seed[:n] for seed in seeds() for n in (4, 12, 16, 32)])),
    tail=st.binary(max_size=300),
)
def test_a_known_signature_before_junk_is_read_or_refused_by_one_of_our_errors(head: bytes, tail: bytes) -> None:
    try:
        facts = PillowProbe().inspect(io.BytesIO(head + tail))
    except UnacceptablePicture:
        return
    assert facts.dimensions.pixels > 0


def test_bombs_are_refused_in_a_process_that_could_not_decode_one(tmp_path: Path) -> None:
    """Decoded, they take 144 MB to 13 GB; the process may use 100 MB more than at its start."""
    bombs = {
        "PNG": a_png_that_announces(30_000, 30_000),
        "JPEG": a_jpeg_that_announces(12_000, 12_000),
        "huge JPEG": a_jpeg_that_announces(65_000, 65_000),
        "GIF": a_gif_that_announces(12_000, 12_000),
        "WebP": a_webp_that_announces(16_383, 16_383),
        "TIFF tile": a_tiff_with_one_tile(12_000, 12_000),
    }
    for name, bomb in bombs.items():
        (tmp_path / name).write_bytes(bomb)
    script = Path(__file__).with_name("inspect_in_little_memory.py")
    run = subprocess.run(
        [sys.executable, script, "100", *(tmp_path / name for name in bombs)],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stdout.splitlines()) == (0, [f"{name}: TooManyPixels" for name in bombs]), run.stderr
