"""Color: all modes and profiles of a picture give the same picture in sRGB."""

import io
from typing import Final

import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat

from corpus import a_png
from pictures import a_tiff_of_numbers, decoded, encoded, photograph, png_chunk
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UndecodablePicture, UnsupportedPicture
from spike_core.domain.objects import PictureFormat
from spike_imaging.open import opened_picture
from spike_pillow import PillowUpscaler

SIZE: Final = (120, 80)
PNG: Final = PictureFormat.PNG
TIFF: Final = PictureFormat.TIFF


def enhanced(data: bytes, size: tuple[int, int] = (240, 160)) -> Image.Image:
    wanted = Dimensions(width_px=size[0], height_px=size[1])
    return decoded(PillowUpscaler().enhance(io.BytesIO(data), size=wanted).content)


def mean_of(picture: Image.Image) -> list[float]:
    return ImageStat.Stat(picture).mean


def off_by(picture: Image.Image, wanted: Image.Image) -> float:
    """Return the mean difference of the worst channel, of 255."""
    return max(mean_of(ImageChops.difference(picture.resize(wanted.size).convert("RGB"), wanted.convert("RGB"))))


def bright_profile() -> bytes:
    """Return a linear RGB profile, with which pictures look much brighter."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for index in range(int.from_bytes(profile[128:132])):  # ICC.1:2022, 7.3: signature, offset, size
        entry = 132 + 12 * index
        if bytes(profile[entry : entry + 4]) in {b"rTRC", b"gTRC", b"bTRC"}:
            offset = int.from_bytes(profile[entry + 4 : entry + 8])
            # 10.18, parametric curve type 0, gamma 1.0 as s15Fixed16
            profile[offset : offset + 16] = b"para\0\0\0\0\0\0\0\0\0\1\0\0"
    return bytes(profile)


def lifted(picture: Image.Image) -> Image.Image:
    """Return linear values converted to sRGB (IEC 61966-2-1, the transfer function)."""
    curve = [value / 255 for value in range(256)]
    table = [round(255 * (12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055)) for v in curve]
    return picture.point(table * len(picture.getbands()))


@pytest.mark.parametrize("size", [(240, 160), (60, 40)], ids=["grown", "shrunk"])
@pytest.mark.parametrize("format_", [PictureFormat.JPEG, PNG, PictureFormat.WEBP, PictureFormat.AVIF, TIFF])
def test_a_picture_with_another_profile_is_converted(format_: PictureFormat, size: tuple[int, int]) -> None:
    picture = photograph(size=SIZE)
    result = enhanced(encoded(picture, format_, icc_profile=bright_profile()), size)
    assert off_by(result, lifted(picture)) < 9
    assert off_by(result, picture) > 30


def test_a_transparent_picture_with_another_profile_keeps_its_alpha() -> None:
    picture = photograph(size=SIZE).convert("RGBA")
    picture.putalpha(128)
    result = enhanced(encoded(picture, PNG, icc_profile=bright_profile()))
    assert result.getchannel("A").getextrema() == (128, 128)
    assert off_by(result, lifted(picture.convert("RGB"))) < 9


def test_a_palette_with_another_profile_is_converted() -> None:
    picture = photograph(size=SIZE).quantize(200)
    result = enhanced(encoded(picture, PNG, icc_profile=bright_profile()))
    assert off_by(result, lifted(picture.convert("RGB"))) < 9


@pytest.mark.parametrize(
    "profile",
    [b"junk", bytes(200), ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(), bright_profile()[:300]],
    ids=["junk", "zeros", "other color space", "truncated"],
)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_profile_that_cannot_be_used_counts_as_none(mode: str, profile: bytes) -> None:
    picture = photograph(size=SIZE).convert(mode)
    assert off_by(enhanced(encoded(picture, icc_profile=profile)), picture) < 9


def test_a_profile_for_another_mode_counts_as_none() -> None:
    picture = photograph(size=SIZE).convert("CMYK")
    assert off_by(enhanced(encoded(picture, icc_profile=bright_profile())), picture) < 9


def test_cmyk_without_a_profile_is_converted() -> None:
    picture = photograph(size=SIZE)
    assert off_by(enhanced(encoded(picture.convert("CMYK"))), picture) < 9


def test_lab_is_converted() -> None:
    picture = photograph(size=SIZE)
    lab = ImageCms.profileToProfile(
        picture, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    assert off_by(enhanced(encoded(lab, TIFF)), picture) < 9


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGB", "YCbCr"])
def test_opaque_modes_look_the_same(mode: str) -> None:
    picture = photograph(size=SIZE).convert(mode)
    result = enhanced(encoded(picture, TIFF if mode == "YCbCr" else PNG), SIZE)
    assert (result.mode, result.format) == ("RGB", "JPEG")
    limit = 20 if mode == "1" else 9  # sharpening moves dithered dots
    assert off_by(result, picture.convert("RGB")) < limit


@pytest.mark.parametrize("format_", [PNG, TIFF])
def test_sixteen_bits_are_scaled_not_clipped(format_: PictureFormat) -> None:
    ramp = Image.new("I;16", (256, 64))
    for level in range(256):
        ramp.paste(level * 257, (level, 0, level + 1, 64))
    result = enhanced(encoded(ramp, format_), (512, 128)).convert("L")
    for x in (20, 128, 256, 384, 490):
        assert result.getpixel((x, 64)) == pytest.approx(x / 2, abs=3)


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0])
def test_real_numbers_are_scaled_by_the_range_that_the_file_states(top: float) -> None:
    numbers = [top * (0.2 if n % 16 < 8 else 1) for n in range(16 * 16)]
    tags = {} if top == 1 else {341: top}  # SMaxSampleValue
    result = enhanced(a_tiff_of_numbers("F", numbers, size=(16, 16), tags=tags), (160, 160)).convert("L")
    assert result.getpixel((30, 80)) == pytest.approx(51, abs=4)
    assert result.getpixel((130, 80)) == pytest.approx(255, abs=4)


@pytest.mark.parametrize("numbers", [[-5.0] * 4, [1e30, 0.0, -1e30, 0.0]])
def test_numbers_of_any_finite_range_give_a_picture(numbers: list[float]) -> None:
    assert enhanced(a_tiff_of_numbers("F", numbers, size=(2, 2)), (8, 8)).size == (8, 8)


def test_numbers_that_are_all_blacker_than_black_are_refused() -> None:
    with pytest.raises(UnsupportedPicture):
        enhanced(a_tiff_of_numbers("F", [-5.0, -4.0, -3.0, -2.0], size=(2, 2)))


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_refused(number: float) -> None:
    with pytest.raises(UndecodablePicture):
        enhanced(a_tiff_of_numbers("F", [number, 0.0, 0.5, 1.0], size=(2, 2)))


def test_a_palette_with_a_transparent_color_stays_transparent() -> None:
    picture = Image.new("P", SIZE, 0)
    picture.putpalette([255, 0, 0, 0, 0, 255])
    picture.paste(1, (0, 0, 60, 80))
    for format_ in (PNG, PictureFormat.GIF):
        result = enhanced(encoded(picture, format_, transparency=0))
        assert result.mode == "RGBA"
        assert result.getpixel((20, 80)) == (0, 0, 255, 255)
        assert _alpha_at(result, (220, 80)) == 0


def test_a_transparent_color_without_an_alpha_channel_stays_transparent() -> None:
    picture = Image.new("RGB", SIZE, (9, 8, 7))
    picture.paste((200, 100, 50), (0, 0, 60, 80))
    result = enhanced(encoded(picture, PNG, transparency=(9, 8, 7)))
    assert result.getpixel((20, 80)) == (200, 100, 50, 255)
    assert _alpha_at(result, (220, 80)) == 0


@pytest.mark.parametrize(("bits", "spare"), [(1, 0), (2, 0), (4, 0), (8, 0), (2, 0xFFFC), (4, 0xFFF0), (8, 0xFF00)])
def test_a_transparent_gray_is_compared_in_the_depth_of_the_file(bits: int, spare: int) -> None:
    """PNG third edition, 11.3.1.1: of the 16 bits of tRNS, those above the depth don't count."""
    grays, white = [0, 1, (1 << bits) - 1], (1 << bits) - 1
    for clear in grays:
        rows = [(gray << 8 - bits).to_bytes(1) for gray in grays]
        trns = png_chunk(b"tRNS", (clear | spare).to_bytes(2))
        with opened_picture(a_png((1, 3), depth=bits, color=0, rows=rows, more=trns)) as opened:
            shown = opened.decode().srgb()
        wanted = [(gray * 255 // white, 0 if gray == clear else 255) for gray in grays]
        assert list(zip(shown.getchannel("R").tobytes(), shown.getchannel("A").tobytes(), strict=True)) == wanted


def test_grey_with_alpha_keeps_both() -> None:
    picture = photograph(size=SIZE).convert("LA")
    picture.putalpha(Image.linear_gradient("L").resize(SIZE))
    result = enhanced(encoded(picture, PNG), SIZE)
    assert result.mode == "RGBA"
    over_white = Image.alpha_composite(Image.new("RGBA", SIZE, "white"), picture.convert("RGBA"))
    assert off_by(Image.alpha_composite(Image.new("RGBA", SIZE, "white"), result), over_white) < 9


def test_an_srgb_profile_changes_nothing() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = photograph(size=SIZE)
    tagged, bare = (encoded(picture, PNG, **options) for options in ({"icc_profile": srgb}, {}))
    assert ImageChops.difference(enhanced(tagged), enhanced(bare)).getbbox() is None


def _alpha_at(picture: Image.Image, place: tuple[int, int]) -> int:
    alpha = picture.getchannel("A").getpixel(place)
    assert isinstance(alpha, int)
    return alpha
