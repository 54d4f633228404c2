"""Metadata of TIFF files that Pillow doesn't read, and of directories that it ignores."""

import io
import struct
from typing import Final

import numpy as np
import pytest
from PIL import Image

from pictures import encoded, photograph
from spike_contracts.metadata import public
from spike_core.domain.objects import PictureFormat
from spike_pillow import PillowMetadata, PillowProbe
from tiffs import Kind, Tags, tiff, tiff_of_pages

SECRET: Final = b"52.5200N 13.4050E"  # what must never get out
LEVELS: Final = np.arange(64 * 48).reshape(48, 64, 1) % 256
ASCII: Final = 2


def of_12_bits(tags: Tags) -> bytes:
    return tiff(np.rint(LEVELS / 255 * 4095), Kind(bits=12, tags=tags))


def thumbnail(tags: Tags) -> Kind:
    return Kind(tags={254: (4, [1]), **tags})


DESCRIBED: Final = thumbnail({270: (ASCII, SECRET)})
TELLING: Final = {
    "a description": of_12_bits({270: (ASCII, SECRET)}),
    "a text of a type that few know": of_12_bits({270: (ASCII, SECRET)}).replace(
        struct.pack("<HH", 270, ASCII), struct.pack("<HH", 270, 129)
    ),
    "XMP": of_12_bits({700: (1, SECRET)}),
    "a position": of_12_bits({34853: (4, [8])}),
    "EXIF out of reach": of_12_bits({34665: (4, [10**9])}),
    "a thumbnail's description": tiff_of_pages([(LEVELS, Kind()), (LEVELS, DESCRIBED)]),
    "a child's description": tiff_of_pages([(LEVELS, Kind())], children=[(LEVELS, DESCRIBED)]),
    "a child out of reach": tiff(LEVELS, Kind(tags={330: (4, [10**9])})),
}
SILENT: Final = {
    "12 bits": of_12_bits({}),
    "a camera": of_12_bits({271: (ASCII, b"Maker\0"), 305: (ASCII, b"Software\0")}),
    "a thumbnail": tiff_of_pages([(LEVELS, Kind()), (LEVELS[:9], thumbnail({}))]),
    "a child": tiff_of_pages([(LEVELS, Kind())], children=[(LEVELS[:9], thumbnail({}))]),
}


def tells(data: bytes) -> bool:
    return PillowProbe().inspect(io.BytesIO(data)).has_location


@pytest.mark.parametrize("what", TELLING)
def test_a_place_is_found_in_any_directory_and_not_shown(what: str) -> None:
    assert tells(TELLING[what])
    cleaned = public(PillowMetadata(), TELLING[what])
    assert SECRET not in cleaned
    assert not tells(cleaned)


@pytest.mark.parametrize("what", SILENT)
def test_what_is_harmless_tells_no_place(what: str) -> None:
    assert not tells(SILENT[what])


def test_what_others_see_of_12_bits_is_upright_and_in_srgb_without_loss() -> None:
    cleaned = public(PillowMetadata(), of_12_bits({274: (3, [6]), 271: (ASCII, b"Maker\0")}))
    with Image.open(io.BytesIO(cleaned)) as result:
        assert (result.mode, result.size, result.info["compression"]) == ("RGB", (48, 64), "tiff_lzw")
        assert (np.asarray(result)[..., 1] == np.rot90(LEVELS[..., 0], 3)).all()
        assert set(result.getexif()) <= {*range(254, 270), *range(273, 297), 317, 34675}  # the last is an ICC profile


def test_the_label_of_12_bits_is_kept() -> None:
    original = of_12_bits({271: (ASCII, b"Maker\0"), 315: (ASCII, b"Ann\0")})
    result = PillowMetadata().with_metadata(encoded(photograph(size=(64, 48))), original=io.BytesIO(original))
    tags = Image.open(io.BytesIO(result)).getexif()
    assert (tags[271], tags[315]) == ("Maker", "Ann")


def test_the_label_of_a_thumbnail_in_front_is_the_pictures() -> None:
    in_front = thumbnail({271: (ASCII, b"Maker\0")})
    original = tiff_of_pages([(LEVELS[:9], in_front)], children=[(LEVELS, Kind())])
    result = PillowMetadata().with_metadata(
        encoded(photograph(size=(64, 48)), PictureFormat.PNG), original=io.BytesIO(original)
    )
    assert Image.open(io.BytesIO(result)).getexif()[271] == "Maker"
