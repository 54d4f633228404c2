"""What browsers show is accepted, what isn't supported is called so by name, and what lacks pixels is damaged.

What Chromium 156 does with each broken file was seen in it: it shows all of `SHOWN`; of `DAMAGED` it leaves places
clear, or shows nothing.
"""

import io
import tracemalloc
import zlib
from collections.abc import Callable, Iterable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from pictures import encoded, photograph, png_chunk, truncated
from spike_core.domain.errors import UnacceptablePicture, UndecodablePicture, UnsupportedPicture
from spike_core.domain.objects import PictureFormat
from spike_imaging.open import opened_picture
from spike_pillow import PillowMetadata, PillowProbe

SIZE: Final = (96, 64)
PHOTO: Final = photograph(size=SIZE)
PNG: Final = encoded(PHOTO, PictureFormat.PNG)
JPEG: Final = encoded(PHOTO, quality=90)
GIF: Final = encoded(PHOTO.quantize(64), PictureFormat.GIF)
START: Final = PNG[:33]  # signature and header
IDAT: Final = b"".join(part[4:-4] for part in [PNG[PNG.index(b"IDAT") : PNG.index(b"IEND") - 4]])
ROWS: Final = zlib.decompress(IDAT)
END: Final = png_chunk(b"IEND", b"")


def bad(name: bytes, body: bytes) -> bytes:
    """Return a chunk with a wrong checksum."""
    return png_chunk(name, body)[:-4] + b"abcd"


def a_png(*, before: bytes = b"", idat: bytes = IDAT, behind: bytes = END) -> bytes:
    return START + before + png_chunk(b"IDAT", idat) + behind


def deflated(rows: bytes, *, ends: bool) -> bytes:
    """Return rows in zlib's format without its checksum; the stream's last block may be missing."""
    compressor = zlib.compressobj(6, wbits=-zlib.MAX_WBITS)
    data = compressor.compress(rows)
    return b"\x78\x9c" + data + compressor.flush(zlib.Z_FINISH if ends else zlib.Z_SYNC_FLUSH)


def interlaced(rows: int) -> bytes:
    """Return an interlaced PNG of 8 x 8 white gray pixels with this many bytes of its rows."""
    header = png_chunk(b"IHDR", (8).to_bytes(4) + (8).to_bytes(4) + bytes([8, 0, 0, 0, 1]))
    passes = [(1, 1), (1, 1), (1, 2), (2, 2), (2, 4), (4, 4), (4, 8)]  # rows and columns of each
    data = b"".join((b"\0" + b"\xff" * columns) * count for count, columns in passes)
    return PNG[:8] + header + png_chunk(b"IDAT", zlib.compress(data[:rows])) + END


def deep_rows() -> bytes:
    """Return the photograph's rows with 16 bits per channel."""
    data, step = PHOTO.tobytes(), 3 * SIZE[0]
    rows = [data[start : start + step] for start in range(0, len(data), step)]
    return b"".join(b"\0" + bytes(value for byte in row for value in (byte, byte)) for row in rows)


def deep_png(idat: bytes, *, before: bytes = b"") -> bytes:
    header = b"".join(side.to_bytes(4) for side in SIZE) + bytes([16, 2, 0, 0, 0])
    return PNG[:8] + png_chunk(b"IHDR", header) + before + png_chunk(b"IDAT", idat) + END


DEEP_ROWS: Final = deep_rows()
DEEP: Final = zlib.compress(DEEP_ROWS)
SHOWN: Final = {
    "PNG, wrong checksum of pHYs": lambda: a_png(before=bad(b"pHYs", bytes(9))),
    "PNG, wrong checksum of tEXt": lambda: a_png(before=bad(b"tEXt", b"a\0b")),
    "PNG, wrong checksum of a color profile": lambda: a_png(before=bad(b"iCCP", b"x\0\0" + zlib.compress(b"junk"))),
    "PNG, wrong checksum behind the pixels": lambda: a_png(behind=bad(b"tEXt", b"a\0b") + END),
    "PNG, wrong checksum of the end": lambda: a_png(behind=bad(b"IEND", b"")),
    "PNG, pHYs too short": lambda: a_png(before=png_chunk(b"pHYs", b"ab")),
    "PNG, gAMA too short": lambda: a_png(before=png_chunk(b"gAMA", b"ab")),
    "PNG, cHRM too short": lambda: a_png(before=png_chunk(b"cHRM", b"ab")),
    "PNG, sRGB empty": lambda: a_png(before=png_chunk(b"sRGB", b"")),
    "PNG, tRNS too short": lambda: a_png(before=png_chunk(b"tRNS", b"x")),
    "PNG, iCCP not compressed": lambda: a_png(before=png_chunk(b"iCCP", b"x\0\0junk")),
    "PNG, a text that inflates to 40 MB": lambda: a_png(
        before=png_chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(40_000_000)))
    ),
    "PNG, wrong Adler-32": lambda: a_png(idat=IDAT[:-4] + b"abcd"),
    "PNG, no Adler-32": lambda: a_png(idat=IDAT[:-4]),
    "PNG, no Adler-32 and no end": lambda: a_png(idat=IDAT[:-4], behind=b""),
    "PNG, last block missing": lambda: a_png(idat=deflated(ROWS, ends=False)),
    "PNG, wrong Adler-32 in three IDAT": lambda: (
        START + b"".join(png_chunk(b"IDAT", part) for part in (IDAT[:1], IDAT[1:500], IDAT[500:-4] + b"abcd")) + END
    ),
    "PNG, more rows than its height": lambda: a_png(idat=zlib.compress(ROWS + bytes(1000))),
    "PNG, no end": lambda: a_png(behind=b""),
    "PNG, cut within the end": lambda: PNG[:-4],
    "PNG, bytes behind it": lambda: PNG + b"junk" * 100,
    "PNG of 16 bits, wrong Adler-32": lambda: deep_png(DEEP[:-4] + b"abcd"),
    "PNG of 16 bits, last block missing": lambda: deep_png(deflated(DEEP_ROWS, ends=False)),
    "PNG of 16 bits, wrong checksum of pHYs": lambda: deep_png(DEEP, before=bad(b"pHYs", bytes(9))),
    "JPEG, no end": lambda: JPEG[:-2],
    "JPEG, half an end": lambda: JPEG[:-1],
    "JPEG, no end, zeros behind it": lambda: JPEG[:-2] + bytes(50),
    "JPEG, bytes behind it": lambda: JPEG + b"junk" * 10,
    "progressive JPEG, no end": lambda: encoded(PHOTO, quality=90, progressive=True)[:-2],
    "JPEG with restarts, no end": lambda: encoded(PHOTO, quality=90, restart_marker_rows=1)[:-2],
    "GIF, no trailer": lambda: GIF[:-1],
    "GIF, no end of its last block": lambda: GIF[:-2],
    "GIF, bytes behind it": lambda: GIF + b"junk",
    "WebP, bytes behind it": lambda: encoded(PHOTO, PictureFormat.WEBP, lossless=True) + b"junk",
}
DAMAGED: Final = {
    "PNG, half of its rows": lambda: a_png(idat=zlib.compress(ROWS[: len(ROWS) // 2])),
    "PNG, one row too few": lambda: a_png(idat=zlib.compress(ROWS[: -len(ROWS) // 64])),
    "PNG, three bytes too few": lambda: a_png(idat=zlib.compress(ROWS[:-3])),
    "PNG, unknown filter": lambda: a_png(idat=zlib.compress(b"\x07" + ROWS[1:])),
    "PNG, wrong checksum of the header": lambda: START[:-4] + b"abcd" + png_chunk(b"IDAT", IDAT) + END,
    "PNG of 16 bits, half of its rows": lambda: deep_png(zlib.compress(DEEP_ROWS[: len(DEEP_ROWS) // 2])),
    "PNG of 16 bits, unknown filter": lambda: deep_png(zlib.compress(b"\x07" + DEEP_ROWS[1:])),
    "PNG, cut in half": lambda: PNG[: len(PNG) // 2],
    "interlaced PNG, last pass missing": lambda: interlaced(50),
    "JPEG, six bytes missing": lambda: JPEG[:-6],
    "JPEG, cut in half": lambda: JPEG[: len(JPEG) // 2],
    "JPEG with restarts, cut in half": lambda: truncated(encoded(PHOTO, restart_marker_rows=1)),
    "progressive JPEG, a tenth missing": lambda: truncated(encoded(PHOTO, progressive=True), share=0.9),
    "GIF, cut in half": lambda: GIF[: len(GIF) // 2],
    "WebP, one byte missing": lambda: encoded(PHOTO, PictureFormat.WEBP)[:-1],
    "AVIF, ten bytes missing": lambda: encoded(PHOTO, PictureFormat.AVIF)[:-10],
}


def shown(data: bytes) -> Image.Image:
    with opened_picture(data) as picture:
        return picture.decode().srgb()


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, about texts that it can't read
@pytest.mark.parametrize("make", SHOWN.values(), ids=SHOWN.keys())
def test_what_browsers_show_is_shown_whole(make: Callable[[], bytes]) -> None:
    """Each is a valid file broken outside of its pixels, which must be unchanged."""
    data = make()
    intact = next((good for good in (JPEG, GIF) if good[:3] == data[:3]), PNG)
    moved = ImageChops.difference(shown(data), shown(intact)).getbbox()
    assert moved is None


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("make", SHOWN.values(), ids=SHOWN.keys())
def test_what_browsers_show_may_be_uploaded_and_published(make: Callable[[], bytes]) -> None:
    data = make()
    assert PillowProbe().identify(io.BytesIO(data)).dimensions.sides_px == SIZE
    with PillowMetadata().public(io.BytesIO(data)) as public:
        assert shown(public.read()).size == SIZE


@pytest.mark.filterwarnings("default:Truncated File Read")
@pytest.mark.parametrize("make", DAMAGED.values(), ids=DAMAGED.keys())
def test_what_lacks_pixels_is_damaged(make: Callable[[], bytes]) -> None:
    data = make()
    with pytest.raises(UndecodablePicture):
        PillowProbe().identify(io.BytesIO(data))


def test_completions_are_compared_without_copies() -> None:
    """A copy of a CMYK picture of 50 megapixels takes 200 MB."""
    data = encoded(Image.new("L", (2000, 2000), 90))[:-2]
    with opened_picture(data) as picture:
        tracemalloc.start()
        try:
            picture.decode()
            assert tracemalloc.get_traced_memory()[1] < 2000 * 2000
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("last", [0, 255])
def test_a_png_whose_last_rows_are_black_or_clear_is_whole(last: int) -> None:
    """Pillow leaves missing rows at zero, so rows of zeros are counted as missing."""
    picture = PHOTO.convert("RGBA")
    picture.paste((last, last, last, last), (0, 40, *SIZE))
    assert shown(encoded(picture, PictureFormat.PNG)).size == SIZE
    black = Image.new("1", (77, 51))
    assert shown(encoded(black, PictureFormat.PNG)).size == black.size


def test_an_interlaced_png_with_all_its_rows_is_whole() -> None:
    assert shown(interlaced(1000)).getextrema() == ((255, 255),) * 3


def a_jpeg_frame(marker: int, *, bits: int = 8, components: int = 3) -> bytes:
    """Return a JPEG with another frame header (ITU-T T.81, B.2.2)."""
    at = JPEG.index(b"\xff\xc0")
    length = int.from_bytes(JPEG[at + 2 : at + 4])
    body = bytearray(JPEG[at + 4 : at + 2 + length])
    body[0], body[5] = bits, components
    return JPEG[:at] + bytes([0xFF, marker]) + JPEG[at + 2 : at + 4] + bytes(body) + JPEG[at + 2 + length :]


def by_pillow(format_: str) -> Callable[[], bytes]:
    return lambda: encoded(PHOTO, format_)


UNSUPPORTED: Final[dict[str, Callable[[], bytes]]] = {
    "JPEG with 12 bits per channel": lambda: a_jpeg_frame(0xC1, bits=12),
    "Lossless JPEG": lambda: a_jpeg_frame(0xC3),
    "Hierarchical JPEG": lambda: a_jpeg_frame(0xC5),
    "JPEG-LS": lambda: a_jpeg_frame(0xF7),
    "JPEG with 2 channels": lambda: a_jpeg_frame(0xC0, components=2),
    "PNG rewritten for iOS (CgBI)": lambda: PNG[:8] + png_chunk(b"CgBI", bytes(4)) + a_png(idat=IDAT[2:-4])[8:],
    "BMP": by_pillow("BMP"),
    "Windows icon (ICO)": by_pillow("ICO"),
    "JPEG 2000": by_pillow("JPEG2000"),
    "DirectDraw Surface (DDS)": by_pillow("DDS"),
    "Netpbm (PNM)": by_pillow("PPM"),
    "PDF": by_pillow("PDF"),
    "PostScript": by_pillow("EPS"),
    "SVG": lambda: b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- made -->\n<svg xmlns="http://www.w3.org/2000/svg"/>',
    "Photoshop (PSD)": lambda: b"8BPS\0\1" + bytes(90),
    "Video (MP4)": lambda: b"\0\0\0\x18ftypisom" + bytes(90),
    "ZIP archive": lambda: b"PK\x03\x04" + bytes(90),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_is_not_supported_is_called_so_by_name_with_advice(name: str) -> None:
    with pytest.raises(UnsupportedPicture) as refusal:
        PillowProbe().identify(io.BytesIO(UNSUPPORTED[name]()))
    assert refusal.value.name == name
    assert str(refusal.value).startswith(f"{name} is not supported. ")
    assert refusal.value.advice


def test_a_cut_jpeg_of_an_unsupported_kind_is_still_called_unsupported() -> None:
    with pytest.raises(UnsupportedPicture):
        PillowProbe().identify(io.BytesIO(a_jpeg_frame(0xC1, bits=12)[:700]))


def mutated(data: bytes, places: Iterable[tuple[int, int]], *, length: int) -> bytes:
    changed = bytearray(data)
    for place, value in places:
        changed[place % len(changed)] = value
    return bytes(changed[: length % (len(changed) + 1)])


@pytest.mark.filterwarnings("ignore")  # Pillow's words on what it meets
@given(
    data=st.sampled_from([PNG, JPEG, GIF]),
    places=st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 255)), max_size=4),
    length=st.integers(0, 60_000),
)
def test_any_mutated_file_is_shown_or_refused_by_our_errors(
    data: bytes, places: list[tuple[int, int]], length: int
) -> None:
    try:
        shown(mutated(data, places, length=length))
    except UnacceptablePicture:
        return
