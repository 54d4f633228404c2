"""Metadata in real files: copies for others contain no location, wherever it was; results keep harmless metadata."""

import contextlib
import io
import struct
import time
import zlib
from collections.abc import Callable
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops
from PIL.ExifTags import IFD, Base

from color_files import a_png, adobe_rgb, an_avif, cicp, gama, widened, with_nclx
from effort import each_value_once
from pictures import a_phone_picture, a_photo, decoded, encoded, exif, photograph, png_chunk
from spike_contracts.metadata import MetadataContract, public
from spike_contracts.probe import MakePicture
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import SpikeError
from spike_core.domain.objects import PictureFormat
from spike_core.ports.metadata import Metadata
from spike_core.ports.probe import ImageProbe
from spike_imaging.color import srgb_profile
from spike_imaging.open import opened_picture
from spike_imaging.resolution import exif_of, resolution_of
from spike_pillow import PillowMetadata, PillowProbe
from spike_pillow.containers import Kind, parts_of

pytestmark = each_value_once

JPEG, PNG, WEBP, GIF = PictureFormat.JPEG, PictureFormat.PNG, PictureFormat.WEBP, PictureFormat.GIF
# as in production, where Pillow's warnings are no errors
PILLOW_WARNS: Final = pytest.mark.filterwarnings("ignore::UserWarning:PIL")
SIZE: Final = (160, 90)
SECRET: Final = b"52.5200N 13.4050E"  # what must never get out
XMP: Final = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>' + SECRET + b"</exif:GPSLatitude></x:xmpmeta>"


def a_photo_with_place(size: Dimensions, format_: PictureFormat = JPEG, flaw: str = "") -> bytes:
    if flaw != "located":
        return a_photo(size, format_, flaw)
    return encoded(photograph(size=(size.width_px, size.height_px)), format_, exif=exif())


class TestPillowMetadata(MetadataContract):
    @pytest.fixture
    def metadata(self) -> Metadata:
        return PillowMetadata()

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return PillowProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_photo_with_place


def tells(data: bytes) -> bool:
    return PillowProbe().inspect(io.BytesIO(data)).has_location


def cleaned(data: bytes) -> bytes:
    return public(PillowMetadata(), data)


def segment(code: int, body: bytes) -> bytes:
    return bytes((0xFF, code)) + struct.pack(">H", len(body) + 2) + body


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def in_jpeg(extra: bytes) -> bytes:
    data = encoded(photograph(size=SIZE))
    return data[:2] + extra + data[2:]


def in_png(extra: bytes) -> bytes:
    data = encoded(photograph(size=SIZE), PNG)
    return data[:33] + extra + data[33:]  # behind the signature and IHDR


def in_webp(name: bytes, body: bytes) -> bytes:
    data = encoded(photograph(size=SIZE), WEBP)
    body += bytes(len(body) % 2)
    grown = data[12:] + name + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(grown)) + b"WEBP" + grown


def in_gif(extension: bytes) -> bytes:
    data = encoded(photograph(size=SIZE), GIF)
    return data[:-1] + extension + data[-1:]


def a_thumbnail_with_place() -> bytes:
    return encoded(photograph(size=(32, 18)), JPEG, exif=exif(), comment=SECRET)


def exif_with(tag: int, value: bytes | str) -> bytes:
    block = Image.Exif()
    block[Base.Make] = "Camera"
    block.get_ifd(IFD.Exif)[tag] = value
    return block.tobytes()


HIDDEN: Final = {
    "JPEG, EXIF": lambda: encoded(photograph(size=SIZE), exif=exif()),
    "JPEG, EXIF, maker's note": lambda: encoded(
        photograph(size=SIZE), exif=exif_with(Base.MakerNote, a_thumbnail_with_place())
    ),
    "JPEG, EXIF, comment": lambda: encoded(
        photograph(size=SIZE), exif=exif_with(Base.UserComment, b"ASCII\0\0\0" + SECRET)
    ),
    "JPEG, EXIF behind its tags": lambda: encoded(
        photograph(size=SIZE), exif=exif_with(Base.LensModel, "x") + SECRET * 200
    ),
    "JPEG, broken EXIF": lambda: in_jpeg(segment(0xE1, b"Exif\0\0II*\0junk" + SECRET)),
    "JPEG, XMP": lambda: encoded(photograph(size=SIZE), xmp=XMP),
    "JPEG, extended XMP": lambda: in_jpeg(segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + XMP)),
    "JPEG, IPTC": lambda: in_jpeg(segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\x16\x1c\x02\x5a\0\x11" + SECRET)),
    "JPEG, comment": lambda: encoded(photograph(size=SIZE), comment=SECRET),
    "JPEG, a maker's own segment": lambda: in_jpeg(segment(0xE5, SECRET)),
    "JPEG, thumbnail of JFIF": lambda: in_jpeg(segment(0xE0, b"JFXX\0\x10" + a_thumbnail_with_place())),
    "JPEG, behind the end": lambda: encoded(photograph(size=SIZE)) + SECRET,
    "JPEG, a second picture": lambda: a_phone_picture(size=SIZE) + a_thumbnail_with_place(),
    "PNG, EXIF": lambda: encoded(photograph(size=SIZE), PNG, exif=exif()),
    "PNG, text": lambda: in_png(chunk(b"tEXt", b"Comment\0" + SECRET)),
    "PNG, a long known text": lambda: in_png(chunk(b"tEXt", b"Software\0" + SECRET * 20)),
    "PNG, packed text": lambda: in_png(chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(SECRET))),
    "PNG, XMP": lambda: in_png(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)),
    "PNG, a chunk of its own": lambda: in_png(chunk(b"gpSx", SECRET)),
    "PNG, behind the end": lambda: encoded(photograph(size=SIZE), PNG) + SECRET,
    "WebP, EXIF": lambda: encoded(photograph(size=SIZE), WEBP, exif=exif()),
    "WebP, XMP": lambda: encoded(photograph(size=SIZE), WEBP, xmp=XMP),
    "WebP, EXIF that its header is silent about": lambda: in_webp(b"EXIF", exif()[6:]),
    "WebP, a chunk of its own": lambda: in_webp(b"GPSX", SECRET),
    "WebP, behind the end": lambda: encoded(photograph(size=SIZE), WEBP) + SECRET,
    "GIF, comment": lambda: in_gif(b"\x21\xfe" + bytes([len(SECRET)]) + SECRET + b"\0"),
    "GIF, XMP": lambda: in_gif(b"\x21\xff\x0bXMP DataXMP" + bytes([len(SECRET)]) + SECRET + b"\0"),
    "GIF, behind the end": lambda: encoded(photograph(size=SIZE), GIF) + SECRET,
    "AVIF, EXIF": lambda: encoded(photograph(size=SIZE), PictureFormat.AVIF, exif=exif()),
    "AVIF, XMP": lambda: encoded(photograph(size=SIZE), PictureFormat.AVIF, xmp=XMP),
    "TIFF, EXIF": lambda: encoded(photograph(size=SIZE), PictureFormat.TIFF, exif=exif()),
    "TIFF, XMP": lambda: encoded(photograph(size=SIZE), PictureFormat.TIFF, tiffinfo={700: XMP}),
    "TIFF, IPTC": lambda: encoded(photograph(size=SIZE), PictureFormat.TIFF, tiffinfo={33723: SECRET}),
    "TIFF, description": lambda: encoded(photograph(size=SIZE), PictureFormat.TIFF, tiffinfo={270: SECRET.decode()}),
}
POSITION: Final = struct.pack(">6I", 52, 1, 31, 1, 12, 1)  # as `exif` writes it


@PILLOW_WARNS
@pytest.mark.parametrize("where", HIDDEN)
def test_a_place_is_found_wherever_it_is(where: str) -> None:
    assert tells(HIDDEN[where]())


@PILLOW_WARNS
@pytest.mark.parametrize("where", HIDDEN)
def test_nothing_of_it_is_left(where: str) -> None:
    """No text and no tag is left; the pixels are unchanged, except for AVIF, which is encoded again."""
    data = HIDDEN[where]()
    result = cleaned(data)
    assert SECRET not in result
    assert POSITION not in result
    assert POSITION[::-1] not in result
    assert b"SecretCamera" not in result
    assert not tells(result)
    with Image.open(io.BytesIO(result)) as picture:
        assert not picture.getexif().get_ifd(IFD.GPSInfo)
    before, after = decoded(data).convert("RGB"), decoded(result).convert("RGB")
    gap = max(high for _, high in ImageChops.difference(before, after).getextrema())  # type: ignore[misc]  # of RGB
    assert gap <= (40 if where.startswith("AVIF") else 0)
    assert cleaned(result) == result or where.startswith(("AVIF", "TIFF"))


@pytest.mark.parametrize("format_", PictureFormat)
def test_an_ordinary_picture_tells_nothing_and_stays_as_it_is(format_: PictureFormat) -> None:
    data = encoded(photograph(size=SIZE), format_)
    assert not tells(data)
    if format_ not in {PictureFormat.AVIF, PictureFormat.TIFF, PictureFormat.HEIC}:  # they are put together anew
        assert cleaned(data) == data


@pytest.mark.parametrize("options", [{"progressive": True}, {"restart_marker_rows": 1}, {"icc_profile": b"p" * 99_999}])
def test_a_jpeg_of_any_build_stays_bit_for_bit(options: dict[str, object]) -> None:
    data = encoded(photograph(size=SIZE), **options)
    assert not tells(data)
    assert cleaned(data) == data
    assert cleaned(encoded(photograph(size=SIZE), exif=exif(), **options)) == data


def test_what_a_camera_says_of_itself_is_harmless() -> None:
    block = Image.Exif()
    block[Base.Make], block[Base.Orientation], block[Base.DateTime] = "Camera", 6, "2026:05:04 03:02:01"
    block.get_ifd(IFD.Exif)[Base.FNumber] = 2.8
    for format_ in (JPEG, PNG, WEBP):
        assert not tells(encoded(photograph(size=SIZE), format_, exif=block.tobytes()))
    assert not tells(in_png(chunk(b"tEXt", b"Software\0screenshot") + chunk(b"tIME", bytes(7))))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", [JPEG, PNG, WEBP, PictureFormat.AVIF, PictureFormat.TIFF])
def test_what_others_see_is_turned_as_the_original(format_: PictureFormat, orientation: int) -> None:
    data = encoded(photograph(size=SIZE), format_, exif=exif(orientation=orientation))
    before, after = (PillowProbe().inspect(io.BytesIO(each)) for each in (data, cleaned(data)))
    assert after.dimensions == before.dimensions
    assert max(one.gap_to(other) for one, other in zip(before.colors.cells, after.colors.cells, strict=True)) < 3


@pytest.mark.parametrize("format_", [JPEG, PNG, WEBP, PictureFormat.AVIF, PictureFormat.TIFF])
def test_what_others_see_keeps_its_profile(format_: PictureFormat) -> None:
    data = encoded(photograph(size=SIZE), format_, exif=exif(), icc_profile=adobe_rgb())
    assert decoded(cleaned(data)).info["icc_profile"] == adobe_rgb()


@pytest.mark.parametrize("format_", [JPEG, PNG, WEBP, PictureFormat.TIFF])
def test_what_others_see_keeps_an_unreadable_profile(format_: PictureFormat) -> None:
    data = encoded(photograph(size=SIZE), format_, exif=exif(), icc_profile=b"not really a profile")
    assert decoded(cleaned(data)).info["icc_profile"] == b"not really a profile"


VALUES: Final = np.asarray(photograph(size=SIZE))
GRAY: Final = photograph(size=SIZE).convert("L")
COLORS: Final = {
    "AVIF, P3": lambda: an_avif(VALUES, 12, 13),
    "AVIF, linear": lambda: an_avif(VALUES, 1, 8),
    "AVIF, 10 bits": lambda: an_avif(widened(VALUES, 10), 9, 13, bits=10),
    "AVIF, PQ": lambda: an_avif(VALUES, 9, 16),
    "AVIF, gray": lambda: with_nclx(encoded(GRAY, "AVIF", quality=100, subsampling="4:0:0"), 1, 8),
    "AVIF, unreadable profile": lambda: encoded(photograph(size=SIZE), "AVIF", icc_profile=b"not really a profile"),
    "PNG, P3": lambda: a_png(VALUES, cicp(12, 13)),
    "PNG, linear": lambda: a_png(VALUES, gama(1)),
    "PNG, HLG": lambda: a_png(VALUES, cicp(9, 18)),
    "PNG, 16 bits": lambda: a_png(widened(VALUES, 16), gama(1)),
    "PNG, gray": lambda: a_png(VALUES[..., :1], gama(1)),
}


@pytest.mark.parametrize("which", COLORS)
def test_what_others_see_has_the_original_s_colors(which: str) -> None:
    """Also for a truncated PNG that is encoded again."""
    data = COLORS[which]().removesuffix(png_chunk(b"IEND", b""))
    wanted, got = (np.asarray(_seen(each), int) for each in (data, cleaned(data)))
    assert np.abs(wanted - got).mean() < 5  # AVIF is written with loss
    assert data.startswith(b"\x89PNG") <= (np.abs(wanted - got).max() <= 2)


def _seen(data: bytes) -> Image.Image:
    with opened_picture(data) as picture:
        return picture.decode().srgb()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"])
def test_a_tiff_that_is_encoded_anew_keeps_its_values(mode: str) -> None:
    picture = (
        photograph(size=SIZE).convert("L").convert("I;16") if mode == "I;16" else photograph(size=SIZE).convert(mode)
    )
    data = encoded(picture, PictureFormat.TIFF, tiffinfo={700: XMP})
    result = decoded(cleaned(data))
    assert (result.mode, result.tobytes()) == (picture.mode, picture.tobytes())


def test_a_palette_keeps_its_transparency() -> None:
    picture = photograph(size=SIZE).convert("P")
    data = encoded(picture, GIF, transparency=picture.getpixel((0, 0)), comment=SECRET)
    result = cleaned(data)
    assert SECRET not in result
    assert decoded(result).info["transparency"] == decoded(data).info["transparency"]
    assert decoded(result).convert("RGBA").tobytes() == decoded(data).convert("RGBA").tobytes()


@PILLOW_WARNS
@given(st.binary(max_size=400), st.sampled_from([JPEG, PNG, WEBP, GIF]), st.data())
def test_junk_anywhere_ends_in_a_clean_picture_or_a_refusal(
    junk: bytes, format_: PictureFormat, data: st.DataObject
) -> None:
    """Whatever overwrites parts of a file, the copy contains no metadata, or there is none."""
    whole = bytearray(encoded(photograph(size=(40, 30)), format_, **({} if format_ is GIF else {"exif": exif()})))
    at = data.draw(st.integers(0, len(whole)))
    whole[at : at + len(junk)] = junk
    with contextlib.suppress(SpikeError):
        assert POSITION not in cleaned(bytes(whole))


@pytest.mark.parametrize(
    "a_file",
    [
        lambda: in_png(chunk(b"teSt", b"") * 30_000),
        lambda: in_jpeg(segment(0xE5, b"") * 30_000),
        lambda: in_gif(b"\x21\xfe\0" * 30_000),
        lambda: in_webp(b"TEST", b"") + b"TEST\0\0\0\0" * 30_000,
    ],
    ids=["PNG", "JPEG", "GIF", "WebP"],
)
def test_a_file_of_countless_parts_counts_as_telling_and_is_written_anew(a_file: Callable[[], bytes]) -> None:
    data = a_file()
    assert tells(data)
    result = cleaned(data)
    assert not tells(result)
    assert len(result) < 100_000


def test_coded_data_full_of_escapes_are_passed_over_quickly() -> None:
    """Ten megabytes take milliseconds: the end of the scan is searched once, not once per escape."""
    data = encoded(photograph(size=SIZE))
    scan = data.index(b"\xff\xda")
    behind = scan + 2 + int.from_bytes(data[scan + 2 : scan + 4])
    stuffed = data[:behind] + b"\xff\0" * 5_000_000 + data[behind:]
    began = time.process_time()
    assert [part.kind for part in parts_of(stuffed, JPEG)][-1] is Kind.PICTURE
    assert time.process_time() - began < 5, "a hang guard"


# results


def label_of(data: bytes) -> tuple[dict[int, object], dict[int, object]]:
    with Image.open(io.BytesIO(data)) as picture:
        tags = picture.getexif()
        inner = dict(tags.get_ifd(IFD.Exif))
        assert not tags.get_ifd(IFD.GPSInfo)
        return {tag: value for tag, value in tags.items() if tag != Base.ExifOffset}, inner


def a_camera_picture(format_: PictureFormat = JPEG, **more: object) -> bytes:
    block = Image.Exif()
    block[Base.Make], block[Base.Model], block[Base.Orientation] = "Acme", "One", 6
    block[Base.Copyright], block[Base.ImageDescription] = "Ada", SECRET.decode()
    block.get_ifd(IFD.Exif).update(
        {Base.DateTimeOriginal: "2026:05:04 03:02:01", Base.FNumber: 2.8, Base.MakerNote: SECRET}
    )
    block.get_ifd(IFD.GPSInfo).update({1: "N", 2: (52.0, 31.0, 12.0)})
    return encoded(photograph(size=SIZE), format_, exif=block.tobytes(), **more)


@pytest.mark.parametrize("format_", [JPEG, PNG, PictureFormat.AVIF])
@pytest.mark.parametrize("source", [JPEG, PNG, WEBP, PictureFormat.AVIF, PictureFormat.TIFF])
def test_a_result_keeps_camera_date_and_author_alone(source: PictureFormat, format_: PictureFormat) -> None:
    result = encoded(photograph(size=SIZE), format_)
    with_metadata = PillowMetadata().with_metadata(result, original=io.BytesIO(a_camera_picture(source)))
    main, inner = label_of(with_metadata)
    assert main == {Base.Make: "Acme", Base.Model: "One", Base.Copyright: "Ada"}
    assert inner[Base.DateTimeOriginal] == "2026:05:04 03:02:01"
    assert inner[Base.FNumber] == pytest.approx(2.8)
    assert set(inner) <= {Base.DateTimeOriginal, Base.FNumber, Base.ColorSpace}
    assert SECRET not in with_metadata
    assert decoded(with_metadata).tobytes() == decoded(result).tobytes()


def test_an_avif_keeps_its_pixels_alpha_profile_and_resolution() -> None:
    """Its items move in the file: those of color and alpha, and the EXIF with the resolution, which is replaced."""
    picture = photograph(size=SIZE).convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(SIZE))
    result = encoded(picture, PictureFormat.AVIF, exif=exif_of((300, 300)), icc_profile=srgb_profile())
    original = a_camera_picture(xmp=b'<x xmlns:dc="http://purl.org/dc/elements/1.1/"/>')
    once = PillowMetadata().with_metadata(result, original=io.BytesIO(original))
    twice = PillowMetadata().with_metadata(once, original=io.BytesIO(original))
    for made in (once, twice):
        assert decoded(made).tobytes() == decoded(result).tobytes()
        assert decoded(made).info["icc_profile"] == srgb_profile()
        assert resolution_of(made) == pytest.approx((300, 300))
        assert label_of(made)[0][Base.Copyright] == "Ada"
    for length in range(0, len(result) - 1, 7):
        cut = result[:length]
        with contextlib.suppress(SpikeError):
            assert PillowMetadata().with_metadata(cut, original=io.BytesIO(original)) == cut


def test_a_result_isnt_turned_again() -> None:
    with_metadata = PillowMetadata().with_metadata(
        encoded(photograph(size=SIZE)), original=io.BytesIO(a_camera_picture())
    )
    facts = PillowProbe().inspect(io.BytesIO(with_metadata))
    assert (facts.dimensions.width_px, facts.dimensions.height_px) == SIZE


@pytest.mark.parametrize("value", ["x" * 201, "two\nlines", "\x1b[31m", "A" * 70_000])
def test_a_label_that_is_too_long_or_no_line_of_text_is_left_out(value: str) -> None:
    block = Image.Exif()
    block[Base.Make], block[Base.Model] = value[:60_000], "One"
    original = encoded(photograph(size=SIZE), exif=block.tobytes())
    main, _ = label_of(PillowMetadata().with_metadata(encoded(photograph(size=SIZE)), original=io.BytesIO(original)))
    assert main == {Base.Model: "One"}


@PILLOW_WARNS
@given(st.binary(max_size=300))
def test_no_metadata_however_broken_fail_a_job(junk: bytes) -> None:
    original = in_jpeg(segment(0xE1, b"Exif\0\0" + junk))
    result = encoded(photograph(size=SIZE))
    with_metadata = PillowMetadata().with_metadata(result, original=io.BytesIO(original))
    assert decoded(with_metadata).tobytes() == decoded(result).tobytes()
