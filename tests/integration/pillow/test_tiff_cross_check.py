"""The second reader for TIFF: Pillow, for the kinds that it is proven to read correctly."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

import tiffs
from pictures import encoded, photograph
from spike_core.domain.objects import PictureFormat
from spike_imaging.pillow_picture import PillowPicture
from spike_imaging.tiff_cross_check import second_opinion
from spike_imaging.tiff_picture import TiffPicture
from tiffs import Kind, numbers_of, tiff, tiff_of_pages

SIZE = (37, 23)
COMPRESSIONS = ["raw", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits", "zstd", "lzma"]
PHOTO = np.asarray(photograph(size=SIZE))
GRAY = np.asarray(photograph(size=SIZE).convert("L"))[..., None]


def in_mode(mode: str) -> Image.Image:
    picture = photograph(size=SIZE).convert(mode)
    if mode in {"LA", "RGBA"}:
        picture.putalpha(Image.linear_gradient("L").resize(SIZE))
    return picture


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"])
def test_pillow_reads_common_kinds_and_reads_them_right(mode: str, compression: str) -> None:
    picture = in_mode(mode)
    data = encoded(picture, PictureFormat.TIFF, compression=compression)
    with second_opinion(data) as opened:
        assert isinstance(opened, PillowPicture)
        got = np.asarray(opened.decode().srgb())
    wanted = np.asarray(picture.convert("RGBA" if mode in {"LA", "RGBA"} else "RGB"))
    assert (got == wanted).all()
    with TiffPicture.opened(data) as first:
        assert (np.asarray(first.decode().srgb()) == wanted).all()


@pytest.mark.parametrize("options", [{"compression": "group3"}, {"compression": "group4"}])
def test_pillow_reads_faxes(options: dict[str, Any]) -> None:
    picture = in_mode("1")
    with second_opinion(encoded(picture, PictureFormat.TIFF, **options)) as opened:
        assert isinstance(opened, PillowPicture)
        assert (np.asarray(opened.decode().srgb()) == np.asarray(picture.convert("RGB"))).all()


def test_pillow_reads_jpegs() -> None:
    data = encoded(photograph(size=SIZE), PictureFormat.TIFF, compression="jpeg", quality=95)
    with second_opinion(data) as opened, TiffPicture.opened(data) as first:
        assert isinstance(opened, PillowPicture)
        one, other = (np.asarray(each.decode().srgb()).astype(int) for each in (opened, first))
    assert np.abs(one - other).max() <= 3


@pytest.mark.parametrize(
    ("samples", "kind"),
    [
        (GRAY, Kind(bits=12)),
        (GRAY, Kind(bits=16)),
        (GRAY, Kind(bits=32, format=tiffs.FLOAT)),
        (GRAY, Kind(format=tiffs.SIGNED)),
        (GRAY, Kind(photometric=tiffs.MIN_IS_WHITE)),
        (PHOTO, Kind(photometric=tiffs.RGB, is_planar=True)),
        (PHOTO, Kind(photometric=tiffs.RGB, is_bit_reversed=True)),
        (np.dstack((PHOTO, GRAY)), Kind(photometric=tiffs.RGB, extra=(1,))),
        (np.dstack((PHOTO, GRAY)), Kind(photometric=tiffs.RGB)),
        (GRAY, Kind(photometric=tiffs.PALETTE, tags={320: (3, list(range(256)) * 3)})),
    ],
)
def test_other_kinds_are_read_as_always(samples: Any, kind: Kind) -> None:
    with second_opinion(tiff(numbers_of(samples / 255, kind), kind)) as opened:
        assert isinstance(opened, TiffPicture)


def test_files_of_several_pages_are_read_as_always() -> None:
    with second_opinion(tiff_of_pages([(GRAY, Kind()), (GRAY, Kind(tags={254: (4, [1])}))])) as opened:
        assert isinstance(opened, TiffPicture)
