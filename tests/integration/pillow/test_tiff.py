"""TIFF by its tags: each kind, written directly (tests/tiffs.py), shows the pixels it was made from."""

import io
from typing import Any, Final

import numpy as np
import pytest
import pyvips
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

import tiffs
from effort import examples
from pictures import encoded, photograph
from spike_core.domain.errors import UndecodablePicture, UnsupportedPicture
from spike_core.domain.objects import PictureFormat
from spike_imaging.open import opened_picture
from tiffs import Kind, numbers_of, tiff

SIZE: Final = (37, 23)
TIFF: Final = PictureFormat.TIFF
PHOTO: Final = np.asarray(photograph(size=SIZE))
LEVELS: Final = PHOTO / 255.0
GRAY: Final = np.asarray(photograph(size=SIZE).convert("L"))[..., None]
GRAY_LEVELS: Final = GRAY / 255.0
INTEGER_BITS: Final = [*range(1, 17), 24, 32, 64]
WHOLE_BITS: Final = [8, 16, 32, 64]


def shown(data: bytes) -> NDArray[Any]:
    with opened_picture(data) as opened:
        pixels: NDArray[Any] = np.asarray(opened.decode().srgb()).astype(int)
        return pixels


def written(samples: NDArray[Any]) -> bytes:
    """Return a TIFF written by tifffile, which states no range."""
    out = io.BytesIO()
    tifffile.imwrite(out, samples.squeeze(), photometric="minisblack")
    return out.getvalue()


def assert_shows(data: bytes, wanted: NDArray[Any], *, tolerance: int = 1) -> None:
    """Check a picture in RGB or RGBA against 8-bit values; gray ones are expanded."""
    if wanted.shape[2] == 1:
        wanted = np.repeat(wanted, 3, axis=2)
    got = shown(data)
    assert got.shape == wanted.shape
    assert np.abs(got - wanted).max() <= tolerance


def coarse(levels: NDArray[Any], kind: Kind) -> Any:
    """Return levels of 0 to 1 rounded to a kind's bits, of 255."""
    if kind.format == tiffs.FLOAT or kind.bits >= 8:
        return np.rint(levels * 255)
    top = 2**kind.bits - 1
    inverted = 1 - levels if kind.photometric == tiffs.MIN_IS_WHITE else levels
    steps = np.rint(inverted * top) / top
    return np.rint((1 - steps if kind.photometric == tiffs.MIN_IS_WHITE else steps) * 255)


@st.composite
def kinds(draw: st.DrawFn) -> Kind:
    format_ = draw(st.sampled_from([tiffs.UNSIGNED, tiffs.SIGNED, tiffs.FLOAT]))
    bits = draw(st.sampled_from([16, 24, 32, 64] if format_ == tiffs.FLOAT else INTEGER_BITS))
    predictors = [1, 3 if format_ == tiffs.FLOAT else 2] if bits in WHOLE_BITS else [1]
    return Kind(
        bits=bits,
        format=format_,
        photometric=draw(st.sampled_from([tiffs.MIN_IS_WHITE, tiffs.MIN_IS_BLACK, tiffs.RGB])),
        compression=draw(st.sampled_from([tiffs.NONE, tiffs.DEFLATE, tiffs.PACKBITS, tiffs.LZMA])),
        predictor=draw(st.sampled_from(predictors)),
        is_planar=draw(st.booleans()),
        is_bit_reversed=draw(st.booleans()),
        tile=draw(st.sampled_from([(0, 0), (0, 0), (16, 16), (48, 32)])),
        strip_rows=draw(st.sampled_from([0, 1, 5, 23])),
        byte_order=draw(st.sampled_from("<>")),
        is_big=draw(st.booleans()),
    )


@settings(max_examples=examples(200), deadline=None)
@given(kind=kinds())
def test_every_kind_of_numbers_shows_the_same_photograph(kind: Kind) -> None:
    levels = LEVELS if kind.photometric == tiffs.RGB else GRAY_LEVELS
    assert_shows(tiff(numbers_of(levels, kind), kind), coarse(levels, kind))


@pytest.mark.parametrize("format_", [tiffs.UNSIGNED, tiffs.SIGNED])
@pytest.mark.parametrize("bits", INTEGER_BITS)
def test_the_lowest_number_is_black_and_the_highest_white(bits: int, format_: int) -> None:
    kind = Kind(bits=bits, format=format_)
    levels = np.array([[[0.0], [1.0]]])
    assert shown(tiff(numbers_of(levels, kind), kind)).tolist() == [[[0, 0, 0], [255, 255, 255]]]


@pytest.mark.parametrize("bits", [16, 24, 32, 64])
def test_real_numbers_are_clipped_to_one(bits: int) -> None:
    numbers = np.array([[[-0.5], [0.0], [0.25], [1.0], [1.001], [60.0]]])
    assert shown(tiff(numbers, Kind(bits=bits, format=tiffs.FLOAT)))[0, :, 0].tolist() == [0, 0, 64, 255, 255, 255]


@pytest.mark.parametrize(("low", "high"), [(340, 341), (280, 281)], ids=["SMinSampleValue", "MinSampleValue"])
@pytest.mark.parametrize(
    ("format_", "numbers"),
    [(tiffs.FLOAT, [-100.0, 0.0, 100.0, 300.0]), (tiffs.SIGNED, [-100, 0, 100, 300])],
    ids=["real", "signed"],
)
def test_the_tags_say_what_is_black_and_white(low: int, high: int, format_: int, numbers: list[float]) -> None:
    range_ = {high: (12, [200.0])} if low == 280 else {low: (12, [0.0]), high: (12, [200.0])}
    kind = Kind(bits=32, format=format_, tags=range_)
    assert shown(tiff(np.array(numbers).reshape(1, 4, 1), kind))[0, :, 0].tolist() == [0, 0, 128, 255]


@pytest.mark.parametrize("bits", [9, 12, 15, 16, 24, 32, 64])
def test_the_tags_say_it_of_signed_numbers_of_any_width(bits: int) -> None:
    kind = Kind(bits=bits, format=tiffs.SIGNED, tags={340: (12, [-100.0]), 341: (12, [100.0])})
    numbers = np.array([-200, -100, 0, 100, 200]).reshape(1, 5, 1)
    assert shown(tiff(numbers, kind))[0, :, 0].tolist() == [0, 0, 128, 255, 255]


@pytest.mark.parametrize("range_", [(1.0, 1.0), (5.0, 1.0), (float("nan"), 1.0), (0.0, float("inf"))])
def test_a_range_that_is_none_is_left_alone(range_: tuple[float, float]) -> None:
    kind = Kind(bits=32, format=tiffs.FLOAT, tags={340: (12, [range_[0]]), 341: (12, [range_[1]])})
    assert_shows(tiff(GRAY_LEVELS, kind), GRAY)


def test_the_statistics_of_unsigned_numbers_change_nothing() -> None:
    kind = Kind(bits=16, tags={280: (3, [1000]), 281: (3, [4095])})
    assert_shows(tiff(numbers_of(GRAY_LEVELS, kind), kind), GRAY)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("bits", [16, 24, 32, 64])
def test_numbers_that_are_none_are_refused(number: float, bits: int) -> None:
    if bits == 24:
        data = bytearray(tiff(np.ones((1, 1, 1)), Kind(bits=24, format=tiffs.FLOAT)))
        data[8:11] = b"\0\0\x7f" if np.isinf(number) else b"\1\0\x7f"
    else:
        data = bytearray(tiff(np.full((2, 2, 1), number), Kind(bits=bits, format=tiffs.FLOAT)))
    with pytest.raises(UndecodablePicture):
        shown(bytes(data))


@pytest.mark.parametrize("scale", [1, 256, 257], ids=["8-bit map", "shifted map", "scaled map"])
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 12])
def test_a_palette_is_read_in_its_maps_scale(bits: int, scale: int) -> None:
    size = 2**bits
    colors = np.random.default_rng(1).integers(0, 256, (size, 3))
    indices = np.random.default_rng(2).integers(0, size, (23, 37, 1))
    kind = Kind(bits=bits, photometric=tiffs.PALETTE, tags={320: (3, (colors.T * scale).ravel().tolist())})
    assert_shows(tiff(indices, kind), colors[indices[..., 0]], tolerance=0)


def test_a_palette_with_too_few_colors_is_refused() -> None:
    with pytest.raises(UndecodablePicture):
        shown(tiff(GRAY, Kind(photometric=tiffs.PALETTE, tags={320: (3, [0] * 60)})))


@pytest.mark.parametrize("is_planar", [False, True])
@pytest.mark.parametrize("bits", [4, 8, 16])
def test_alpha_is_straight_or_taken_out_of_the_colors_again(bits: int, is_planar: bool) -> None:
    alpha = np.tile(np.linspace(0.4, 1, SIZE[0])[None, :, None], (SIZE[1], 1, 1))
    top = 2**bits - 1
    alpha = np.rint(alpha * top) / top
    for kind, colors in ((1, LEVELS * alpha), (2, LEVELS)):
        layout = Kind(bits=bits, photometric=tiffs.RGB, extra=(kind,), is_planar=is_planar)
        data = tiff(np.rint(np.dstack((colors, alpha)) * top), layout)
        straight = np.rint(colors * top) / top / (alpha if kind == 1 else 1)
        wanted = np.rint(np.dstack((np.minimum(straight, 1), alpha)) * 255)
        assert_shows(data, wanted, tolerance=2)


def test_what_isnt_alpha_is_left_out() -> None:
    more = np.dstack((PHOTO, GRAY // 2, GRAY // 3))
    for extra in ((0, 0), (), (3, 9)):
        assert_shows(tiff(more, Kind(photometric=tiffs.RGB, extra=extra)), PHOTO, tolerance=0)
    second = tiff(more, Kind(photometric=tiffs.RGB, extra=(0, 2)))
    assert_shows(second, np.dstack((PHOTO, GRAY // 3)), tolerance=0)


def test_an_alpha_that_is_opaque_everywhere_is_none() -> None:
    white = np.full_like(GRAY, 255)
    for bits in (8, 16):
        kind = Kind(bits=bits, photometric=tiffs.RGB, extra=(2,))
        assert_shows(tiff(numbers_of(np.dstack((PHOTO, white)) / 255, kind), kind), PHOTO)


@pytest.mark.parametrize("is_planar", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
def test_inks_are_converted(bits: int, is_planar: bool) -> None:
    inks = np.asarray(photograph(size=SIZE).convert("CMYK"))
    kind = Kind(bits=bits, photometric=tiffs.CMYK, is_planar=is_planar)
    assert_shows(tiff(numbers_of(inks / 255, kind), kind), PHOTO, tolerance=2)
    with_alpha = Kind(bits=bits, photometric=tiffs.CMYK, is_planar=is_planar, extra=(2,))
    data = tiff(numbers_of(np.dstack((inks, GRAY)) / 255, with_alpha), with_alpha)
    assert_shows(data, np.dstack((PHOTO, GRAY)), tolerance=2)


@pytest.mark.parametrize(("photometric", "bits"), [(8, 8), (8, 16), (9, 8), (9, 16)])
def test_lab_is_converted(photometric: int, bits: int) -> None:
    """The oracle is the definition (CIE 15, IEC 61966-2-1), with Bradford's matrix as in ICC.1:2022, annex E."""
    linear = np.where(LEVELS <= 0.04045, LEVELS / 12.92, ((LEVELS + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
    )
    f = (linear @ to_xyz.T) / np.array([0.9642, 1.0, 0.8249])
    f = np.where(f > (6 / 29) ** 3, np.cbrt(f), f / (3 * (6 / 29) ** 2) + 4 / 29)
    lightness, a, b = 116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])
    unit = 2 ** (bits - 8)
    white = (65280 if photometric == tiffs.ICC_LAB else 65535) if bits == 16 else 255
    zero = 128 * unit if photometric == tiffs.ICC_LAB else 0
    numbers = np.rint(np.dstack((lightness / 100 * white, a * unit + zero, b * unit + zero)))
    data = tiff(numbers, Kind(bits=bits, photometric=photometric))
    assert_shows(data, PHOTO, tolerance=1 if bits == 16 else 9)  # steps of 8 bits are as coarse
    if (photometric, bits) == (tiffs.LAB, 8):
        with Image.open(io.BytesIO(data)) as other:
            profile = ImageCms.createProfile("LAB")
            srgb = ImageCms.profileToProfile(other, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
        assert np.abs(shown(data) - np.asarray(srgb).astype(int)).max() <= 2


@pytest.mark.parametrize("subsampling", [(1, 1), (2, 1), (1, 2), (2, 2), (4, 2), (4, 4)])
@pytest.mark.parametrize("strip_rows", [0, 8])
def test_ycbcr_is_converted_whatever_its_subsampling(subsampling: tuple[int, int], strip_rows: int) -> None:
    """Blocks of one color each, so that smoothing makes no difference."""
    rng = np.random.default_rng(3)
    rgb = rng.integers(0, 256, (6, 9, 3)).repeat(4, axis=0).repeat(4, axis=1)[:23, :34]
    matrix = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
    ycc = np.clip(np.rint(rgb @ matrix.T + [0, 128, 128]), 0, 255).astype(np.uint8)
    across, down = subsampling
    segments = []
    rows = strip_rows or 23
    for top in range(0, 23, rows):
        part = ycc[top : top + rows]
        part = np.pad(part, ((0, -len(part) % down), (0, -34 % across), (0, 0)), mode="edge")
        high, wide = part.shape[0] // down, part.shape[1] // across
        luma = part[..., 0].reshape(high, down, wide, across).transpose(0, 2, 1, 3).reshape(high, wide, -1)
        segments.append(np.dstack((luma, part[::down, ::across, 1:])).tobytes())
    plain = tiff(ycc, Kind(photometric=tiffs.YCBCR, strip_rows=strip_rows, tags={530: (3, list(subsampling))}))
    for index, segment in enumerate(segments):  # over the segments without subsampling, which are as long or longer
        at = 8 + sum(len(each) + len(each) % 2 for each in _plain_segments(ycc, rows)[:index])
        plain = plain[:at] + segment + plain[at + len(segment) :]
    assert_shows(plain, rgb, tolerance=3)


def _plain_segments(ycc: NDArray[Any], rows: int) -> list[bytes]:
    return [ycc[top : top + rows].tobytes() for top in range(0, len(ycc), rows)]


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "lzw"},
        {"compression": "lzw", "predictor": True},
        {"compression": "lzw", "predictor": True, "planarconfig": "separate"},
        {"compression": "zstd", "predictor": True, "tile": (16, 16)},
        {"compression": "webp", "compressionargs": {"lossless": True}},
        {"compression": "webp", "compressionargs": {"lossless": True}, "tile": (16, 16)},
        {"compression": "zlib", "byteorder": ">", "rowsperstrip": 5},
        {"compression": "packbits", "bigtiff": True},
    ],
)
@pytest.mark.parametrize("bits", [8, 16])
def test_files_of_another_writer_show_what_they_were_made_from(bits: int, options: dict[str, Any]) -> None:
    is_deep = bits == 16 and options["compression"] != "webp"  # which has 8 bits
    out = io.BytesIO()
    settings_ = {"photometric": "rgb", **options}
    byteorder, bigtiff = settings_.pop("byteorder", "<"), settings_.pop("bigtiff", False)
    pixels: NDArray[Any] = PHOTO * np.uint16(257) if is_deep else PHOTO
    if settings_.get("planarconfig") == "separate":
        pixels = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    with tifffile.TiffWriter(out, byteorder=byteorder, bigtiff=bigtiff) as writer:
        writer.write(pixels, metadata=None, **settings_)
    assert_shows(out.getvalue(), PHOTO, tolerance=0)


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
def test_faxes_show_what_they_were_made_from(compression: str) -> None:
    picture = photograph(size=(320, 200)).convert("1")
    assert_shows(encoded(picture, TIFF, compression=compression), np.asarray(picture)[..., None] * 255, tolerance=0)


@pytest.mark.parametrize("options", [{"Q": 95}, {"Q": 95, "tile": True, "tile_width": 64, "tile_height": 64}])
@pytest.mark.parametrize("bands", [1, 3])
def test_jpegs_in_tiffs_look_as_another_reader_shows_them(bands: int, options: dict[str, Any]) -> None:
    photo = np.asarray(photograph(size=(300, 200)).convert("L" if bands == 1 else "RGB"))
    data = pyvips.Image.new_from_array(photo).tiffsave_buffer(compression="jpeg", **options)
    wanted = pyvips.Image.new_from_buffer(data, "").numpy().reshape(200, 300, -1)
    assert_shows(data, wanted.astype(int), tolerance=3)


@pytest.mark.parametrize("photometric", ["rgb", "minisblack"])
def test_jpegs_of_12_bits_show_what_they_were_made_from(photometric: str) -> None:
    pixels = PHOTO if photometric == "rgb" else GRAY[..., 0]
    out = io.BytesIO()
    deep = np.rint(pixels / 255 * 4095).astype(np.uint16)
    tifffile.imwrite(out, deep, photometric=photometric, bitspersample=12, compression="jpeg", metadata=None)
    with opened_picture(out.getvalue()) as opened:
        got = np.asarray(opened.decode().srgb()).astype(int)
    assert np.abs(got - (pixels if pixels.ndim == 3 else pixels[..., None])).mean() < 3


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_another_reader_sees_the_same(bits: int) -> None:
    kind = Kind(bits=bits, strip_rows=5, byte_order=">", photometric=tiffs.MIN_IS_WHITE)
    data = tiff(numbers_of(GRAY_LEVELS, kind), kind)
    wanted = pyvips.Image.new_from_buffer(data, "").numpy().reshape(23, 37, 1)
    assert_shows(data, wanted.astype(int) // (257 if bits == 16 else 1))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_and_the_turn_are_the_tags(orientation: int) -> None:
    kind = Kind(bits=12, tags={274: (3, [orientation])})
    with opened_picture(tiff(numbers_of(GRAY_LEVELS, kind), kind)) as opened:
        assert opened.upright_size == (SIZE if orientation < 5 else SIZE[::-1])
        decoded = opened.decode()
    assert (decoded.turn.value, decoded.upright_size) == (orientation, decoded.srgb().size)


@pytest.mark.parametrize(
    ("kind", "samples", "name"),
    [
        (Kind(tags={259: (3, [34712])}), GRAY, "TIFF compression JPEG 2000"),
        (Kind(tags={259: (3, [4711])}), GRAY, "TIFF compression 4711"),
        (Kind(photometric=32845), PHOTO, "TIFF in color model LogLuv"),
        (Kind(tags={258: (3, [5, 6, 5])}, photometric=2), PHOTO, "TIFF with samples of different depths"),
        (Kind(tags={339: (3, [6])}), GRAY, "TIFF with samples of this format"),
        (Kind(tags={332: (3, [2])}, photometric=5), np.dstack((PHOTO, GRAY)), "TIFF in inks other than CMYK"),
        (Kind(tags={259: (3, [6])}), GRAY, "TIFF compression old-style JPEG"),
        (Kind(tags={32997: (4, [9])}), GRAY, "TIFF of a volume"),
        (Kind(bits=24, predictor=2), GRAY, "TIFF predictor 2 with 24 bits a sample"),
        (Kind(bits=12, predictor=2), GRAY, "TIFF predictor 2 with 12 bits a sample"),
        (Kind(bits=24, format=tiffs.FLOAT, predictor=3), GRAY, "TIFF predictor 3 with 24 bits a sample"),
    ],
)
def test_what_isnt_supported_is_named(kind: Kind, samples: NDArray[Any], name: str) -> None:
    with pytest.raises(UnsupportedPicture) as refusal:
        shown(tiff(samples, kind))
    assert refusal.value.name == name
    assert refusal.value.advice


def test_an_old_style_jpeg_in_one_piece_is_read() -> None:
    jpeg = encoded(photograph(size=SIZE), quality=95, subsampling=0)
    data = tiff(PHOTO, Kind(photometric=tiffs.YCBCR, tags={259: (3, [6]), 513: (4, [9999]), 514: (4, [len(jpeg)])}))
    offset = len(data)
    data = data.replace((9999).to_bytes(4, "little"), offset.to_bytes(4, "little")) + jpeg
    assert_shows(data, PHOTO, tolerance=20)


@pytest.mark.parametrize("damage", ["no counts", "zero counts", "counts too high", "one strip of few rows"])
def test_strips_of_wrong_counts_are_read(damage: str) -> None:
    tags: dict[str, tiffs.Tags] = {
        "no counts": {279: (3, [])},
        "zero counts": {279: (4, [0])},
        "counts too high": {279: (4, [10**6])},
        "one strip of few rows": {278: (4, [1])},
    }
    assert_shows(tiff(GRAY, Kind(tags=tags[damage])), GRAY, tolerance=0)


def test_a_profile_is_applied_in_16_bits() -> None:
    linear = np.array([[[0.001], [0.002], [0.004], [0.01], [0.2], [1.0]]])
    kind = Kind(bits=16, tags={34675: (7, list(_linear_gray()))})
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055) * 255
    assert_shows(tiff(numbers_of(linear, kind), kind), np.rint(curved), tolerance=1)


def _linear_gray() -> bytes:
    """Return a gray profile with a straight curve (ICC.1:2022, 7, 9.3 and 10.6)."""
    tags = {b"wtpt": b"XYZ \0\0\0\0\0\0\xf6\xd6\0\1\0\0\0\0\xd3\x2d", b"kTRC": b"curv" + bytes(8)}
    table, body = len(tags).to_bytes(4), b""
    for name, content in tags.items():
        table += name + (128 + 4 + 12 * len(tags) + len(body)).to_bytes(4) + len(content).to_bytes(4)
        body += content
    size = (128 + len(table) + len(body)).to_bytes(4)
    head = size + bytes(4) + b"\x02\x40\0\0mntrGRAYXYZ " + bytes(12) + b"acsp" + bytes(28)
    return head + b"\0\0\xf6\xd6\0\1\0\0\0\0\xd3\x2d" + bytes(48) + table + body
