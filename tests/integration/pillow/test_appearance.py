"""The appearance in low resolution: visible colors in every mode, oriented and converted."""

import io

import pytest
from PIL import Image, ImageCms

from pictures import a_tiff_of_numbers, encoded, exif, photograph
from spike_core.domain.color_grid import Color, ColorGrid
from spike_core.domain.errors import UndecodablePicture
from spike_core.domain.objects import PictureFormat
from spike_pillow import PillowProbe

PNG, TIFF, JPEG = PictureFormat.PNG, PictureFormat.TIFF, PictureFormat.JPEG
RED, GREEN = (200, 30, 30), (30, 180, 40)


def colors_of(data: bytes) -> ColorGrid:
    return PillowProbe().inspect(io.BytesIO(data)).colors


def gap(one: ColorGrid, other: ColorGrid) -> float:
    return max(map(Color.gap_to, one.cells, other.cells))


def linear_profile() -> bytes:
    """Return a profile with sRGB's primaries and a linear curve: pictures with it are brighter than their numbers."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for index in range(int.from_bytes(profile[128:132])):  # ICC.1:2022, 7.3: signature, offset, size
        entry = 132 + 12 * index
        if bytes(profile[entry : entry + 4]) in {b"rTRC", b"gTRC", b"bTRC"}:
            offset = int.from_bytes(profile[entry + 4 : entry + 8])
            profile[offset : offset + 16] = b"para\0\0\0\0\0\0\0\0\0\1\0\0"
    return bytes(profile)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", [JPEG, PNG, TIFF])
def test_the_top_left_is_where_it_is_seen(format_: PictureFormat, orientation: int) -> None:
    """The orientation is applied, so that red is at the top left (EXIF 2.32, tag 0x0112)."""
    corner = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (0, 1), 7: (1, 1), 8: (1, 0)}[orientation]
    picture = Image.new("RGB", (64, 64), GREEN)
    picture.paste(RED, (32 * corner[0], 32 * corner[1], 32 * corner[0] + 32, 32 * corner[1] + 32))
    options = {"tiffinfo": {0x0112: orientation}} if format_ is TIFF else {"exif": exif(orientation=orientation)}
    cells = colors_of(encoded(picture, format_, **options)).cells
    assert cells[0].gap_to(Color(*map(float, RED))) < 6
    assert max(cells[index].gap_to(Color(*map(float, GREEN))) for index in (3, 12, 15)) < 6


@pytest.mark.parametrize("size", [(33, 40), (257, 300), (511, 513), (1023, 700)])
def test_a_jpeg_has_the_colors_of_its_pixels_at_any_size(size: tuple[int, int]) -> None:
    """It is decoded at a fraction of its size, whose last column may represent a single pixel."""
    stripes = Image.new("RGB", size)
    stripes.paste((255, 255, 255), (0, 0, size[0] // 2, size[1]))
    assert gap(colors_of(encoded(stripes, quality=95)), colors_of(encoded(stripes, PNG))) < 6


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "YCbCr", "LAB"])
def test_each_mode_shows_the_same_picture(mode: str) -> None:
    gray = photograph(size=(300, 200)).convert("L")
    if mode == "I;16":
        picture = gray.convert("I").point(lambda value: value * 257).convert("I;16")
    elif mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        transformed = ImageCms.profileToProfile(gray.convert("RGB"), srgb, lab, outputMode="LAB")
        assert transformed is not None
        picture = transformed
    else:
        picture = gray.convert("RGB").convert(mode)
    assert gap(colors_of(encoded(picture, TIFF)), colors_of(encoded(gray, PNG))) < 9


def test_dots_of_a_palette_are_mixed_and_none_is_left_out() -> None:
    tile = Image.frombytes("L", (2, 2), b"\xff\0\0\xff")
    checks = Image.new("L", (1024, 1024))
    for top in range(0, 1024, 2):
        for left in range(0, 1024, 2):
            checks.paste(tile, (left, top))
    pattern = checks.point(lambda value: value // 255).convert("P")
    pattern.putpalette([0, 0, 0, 255, 255, 255])
    assert gap(colors_of(encoded(pattern, PictureFormat.GIF)), ColorGrid.of(Color(127.5, 127.5, 127.5))) < 2


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_hidden_colors_count_for_nothing(mode: str) -> None:
    picture = Image.new("RGBA", (600, 400), (255, 255, 255, 0))
    picture.paste((80, 80, 80, 255), (0, 0, 300, 400))
    cells = colors_of(encoded(picture.convert(mode), PNG)).cells
    assert cells[0].gap_to(Color(80, 80, 80)) < 3
    assert cells[3].gap_to(Color(0, 0, 0, 0)) < 3


def test_a_transparent_color_of_a_picture_without_alpha_is_hidden() -> None:
    picture = Image.new("RGB", (600, 400), GREEN)
    picture.paste(RED, (0, 0, 300, 400))
    cells = colors_of(encoded(picture, PNG, transparency=GREEN)).cells
    assert cells[0].gap_to(Color(*map(float, RED))) < 3
    assert cells[3].gap_to(Color(0, 0, 0, 0)) < 3


@pytest.mark.parametrize("format_", [JPEG, PNG, TIFF])
def test_colors_are_those_of_srgb(format_: PictureFormat) -> None:
    gray = Image.new("RGB", (64, 64), (55, 55, 55))
    cells = colors_of(encoded(gray, format_, icc_profile=linear_profile())).cells
    assert cells[0].gap_to(Color(128, 128, 128)) < 3  # 55/255 linear is 128/255 in sRGB (IEC 61966-2-1)


def test_a_picture_of_numbers_beyond_all_ranges_is_refused() -> None:
    with pytest.raises(UndecodablePicture):
        colors_of(a_tiff_of_numbers("F", [0.5, float("inf")] * 6, size=(4, 3)))


def test_a_pictures_parts_are_judged_by_the_range_of_the_whole() -> None:
    """The first strip alone would look like a picture with values of 0 to 1."""
    picture = Image.new("F", (1 << 10, 1 << 11), 1.0)
    picture.paste(255.0, (0, 1 << 10, 1 << 10, 1 << 11))
    cells = colors_of(encoded(picture, TIFF, tiffinfo={341: 255.0})).cells  # SMaxSampleValue
    assert cells[0].gap_to(Color(1, 1, 1)) < 2
    assert cells[15].gap_to(Color(255, 255, 255)) < 2
