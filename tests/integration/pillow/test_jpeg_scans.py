"""JPEGs with many scans are refused before they are decoded."""

import io
import time

import pytest
from PIL import Image

from spike_core.domain.errors import UnsupportedPicture
from spike_imaging.jpeg_scans import SCANS_MAX, check_scans
from spike_pillow.probe import PillowProbe

SOS = b"\xff\xda"


def a_jpeg(*, progressive: bool) -> bytes:
    content = io.BytesIO()
    Image.effect_mandelbrot((512, 384), (-2, -1.5, 1, 1.5), 60).convert("RGB").save(
        content, "JPEG", progressive=progressive
    )
    return content.getvalue()


def with_scans(data: bytes, more: int) -> bytes:
    """Repeat a progressive JPEG's last scan, which refines its coefficients, so many times."""
    last = data.rindex(SOS)
    return data[:-2] + data[last:-2] * more + data[-2:]


@pytest.mark.parametrize("progressive", [False, True])
def test_ordinary_jpegs_are_accepted(progressive: bool) -> None:
    data = a_jpeg(progressive=progressive)
    check_scans(data)
    assert PillowProbe().identify(io.BytesIO(data)).dimensions.width_px == 512


def test_thousands_of_scans_are_refused_at_once() -> None:
    """Such a file took seconds of processor time, and nine of them at once stopped the service for half a minute."""
    data = with_scans(a_jpeg(progressive=True), 6500)
    began_s = time.process_time()
    with pytest.raises(UnsupportedPicture, match=f"more than {SCANS_MAX} scans"):
        PillowProbe().identify(io.BytesIO(data))
    assert time.process_time() - began_s < 1


def test_scans_in_an_embedded_thumbnail_or_behind_the_end_dont_count() -> None:
    data = a_jpeg(progressive=False)
    thumbnail = b"\xff\xe1" + (2 + 2 * 2000).to_bytes(2) + SOS * 2000
    check_scans(data[:2] + thumbnail + data[2:] + SOS * 1000)


def test_megabytes_of_fill_bytes_are_passed_over_at_once() -> None:
    began_s = time.process_time()
    check_scans(b"\xff\xd8" + b"\xff" * 10_000_000)
    assert time.process_time() - began_s < 1


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8" + b"\xff" * 1000, b"\xff\xd8\xff\xda\xff", b"x" * 99])
def test_broken_files_are_left_to_the_decoder(data: bytes) -> None:
    check_scans(data)
