"""Baseline JPEGs are identified without decoding, with the same outcome as with decoding."""

import io
import random
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from effort import examples
from pictures import a_jpeg_that_announces, a_phone_picture, encoded, exif
from spike_core.domain.errors import UnacceptablePicture, UndecodablePicture
from spike_core.domain.images import PictureIdentity
from spike_core.domain.objects import PictureFormat
from spike_pillow import PillowProbe
from spike_pillow.baseline_jpeg import NotBaseline, head_of
from spike_pillow.containers import BrokenContainer, parts_of

PROFILE: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
# as in production, where Pillow's warnings are no errors
PILLOW_WARNS: Final = pytest.mark.filterwarnings("ignore")


def noise(mode: str = "RGB", /, **options: Any) -> bytes:
    """Return a JPEG with the maximum number of codes for its pixels."""
    chance = random.Random(7)  # noqa: S311  # no secret
    size = (150, 70)
    picture = Image.frombytes("RGB", size, chance.randbytes(size[0] * size[1] * 3)).convert(mode)
    return encoded(picture, **{"quality": 95, **options})


PLAIN: Final = [
    noise(),
    noise(subsampling=0, exif=exif(orientation=6)),
    noise("L"),
    noise("CMYK"),
    noise(restart_marker_blocks=2),
    noise(restart_marker_rows=1, optimize=True),
    noise(icc_profile=PROFILE),
    a_phone_picture(size=(96, 64)),
]
OTHERS: Final = [noise(progressive=True), noise(progressive=True, restart_marker_blocks=3)]
MARKERS: Final = [
    bytes([0xFF, code]) for code in (0x00, 0x01, 0xC0, 0xC4, 0xC8, 0xD0, 0xD5, 0xD9, 0xDA, 0xDC, 0xE1, 0xF0)
]


def is_plain(data: bytes) -> bool:
    try:
        head_of(list(parts_of(data, PictureFormat.JPEG)))
    except (BrokenContainer, NotBaseline):
        return False
    return True


def identified(data: bytes) -> PictureIdentity | type[UnacceptablePicture]:
    try:
        return PillowProbe().identify(io.BytesIO(data))
    except UnacceptablePicture as error:
        return type(error)


def inspected(data: bytes) -> PictureIdentity | type[UnacceptablePicture]:
    try:
        facts = PillowProbe().inspect(io.BytesIO(data))
    except UnacceptablePicture as error:
        return type(error)
    return PictureIdentity(format=facts.format, dimensions=facts.dimensions, has_location=facts.has_location)


@pytest.mark.parametrize("data", PLAIN)
def test_what_cameras_write_is_plain(data: bytes) -> None:
    assert is_plain(data)
    assert identified(data) == inspected(data)


@pytest.mark.parametrize("data", OTHERS)
def test_a_picture_of_several_scans_is_not_plain(data: bytes) -> None:
    assert not is_plain(data)
    assert identified(data) == inspected(data)


@pytest.mark.parametrize("data", [*PLAIN[:-1], *OTHERS])
def test_a_picture_that_is_cut_off_is_refused(data: bytes) -> None:
    """A phone's second picture may be truncated. If only the end is missing, the picture may be complete."""
    for end in range(3, len(data) - 2, 997):
        assert identified(data[:end]) is UndecodablePicture
    for end in (len(data) - 2, len(data) - 1):
        assert identified(data[:end]) == inspected(data[:end])


@pytest.mark.parametrize("height_px", [65_500, 65_501, 65_535])
def test_a_height_that_libjpeg_does_not_know_is_refused(height_px: int) -> None:
    data = a_jpeg_that_announces(8, height_px)
    assert identified(data) == inspected(data)


@st.composite
def mutated_jpegs(draw: st.DrawFn) -> bytes:
    """Draw a JPEG with changed bytes, inserted markers, parts removed or repeated, or its end moved."""
    data = bytearray(draw(st.sampled_from([*PLAIN, *OTHERS])))
    chance = random.Random(draw(st.integers(0, 2**32)))  # noqa: S311  # Hypothesis shrinks the seed; no secret
    for _ in range(draw(st.integers(1, 6))):
        reach = len(data) if chance.random() < 0.6 else min(len(data), 700)
        at = chance.randrange(max(1, reach))
        match chance.randrange(7):
            case 0 | 1:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 2 | 3:
                data[at : at + 2] = chance.choice(MARKERS)
            case 4:
                del data[at : at + chance.randrange(1, 40)]
            case 5:
                data[at:at] = data[at : at + chance.randrange(1, 200)]
            case _:
                data[at:] = b"\xff\xd9"
    return bytes(data)


@PILLOW_WARNS
@settings(max_examples=examples(250), deadline=None)
@given(data=mutated_jpegs())
def test_a_jpeg_is_identified_or_refused_as_if_it_had_been_decoded(data: bytes) -> None:
    assert identified(data) == inspected(data)
