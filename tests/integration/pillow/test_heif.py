"""HEIC and HEIF: encoded by libheif from known pixels, and changed box by box."""

import io
import sys
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pytest
from PIL import Image, ImageOps

from pictures import encoded, exif, photograph, pillow_heif
from spike_core.domain.errors import (
    AnimatedPicture,
    TooManyPixels,
    UnacceptablePicture,
    UndecodablePicture,
    UnsupportedPicture,
)
from spike_core.domain.limits import PICTURE_PIXELS_MAX
from spike_core.domain.objects import PictureFormat
from spike_imaging.cicp import encoding_of_nclx
from spike_imaging.hdr import tone_mapped
from spike_imaging.heif_primary import primary_of
from spike_imaging.hevc import configuration_of, stream_of
from spike_imaging.open import opened_picture
from spike_pillow import PillowMetadata, PillowProbe

HEIC: Final = PictureFormat.HEIC
SIZE: Final = (96, 64)
LOSSLESS: Final[dict[str, Any]] = {"quality": -1, "chroma": 444, "matrix_coefficients": 0}


def corners(size: tuple[int, int] = SIZE) -> Image.Image:
    """Return a picture that looks different in each orientation."""
    width, height = size
    picture = Image.new("RGB", size, "white")
    picture.paste((200, 30, 30), (0, 0, width // 2, height // 2))
    picture.paste((30, 30, 200), (width // 2, height // 2, width, height))
    return picture


def shown(data: bytes) -> Image.Image:
    with opened_picture(data) as opened:
        return opened.decode().srgb()


def gap(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of two pictures, of 255; more than that if their shapes differ."""
    if (one.size, one.mode) != (other.size, other.mode):
        return 999.0
    return float(np.abs(np.asarray(one).astype(int) - np.asarray(other)).mean())


def public(data: bytes) -> bytes:
    with PillowMetadata().public(io.BytesIO(data)) as content:
        return content.read()


def has_location(data: bytes) -> bool:
    return PillowProbe().identify(io.BytesIO(data)).has_location


def of_samples(mode: str, samples: np.ndarray, **options: Any) -> bytes:
    """Return a HEIC of these samples, in a mode of pillow-heif."""
    out = io.BytesIO()
    size = (samples.shape[1], samples.shape[0])
    pillow_heif().encode(mode, size, samples.tobytes(), out, **(LOSSLESS | options))
    return out.getvalue()


def of_several(*pictures: Image.Image, primary: int = 0, **options: Any) -> bytes:
    library = pillow_heif()
    file = library.from_pillow(pictures[0])
    for picture in pictures[1:]:
        file.add_from_pillow(picture)
    out = io.BytesIO()
    file.save(out, primary_index=primary, **options)
    return out.getvalue()


def patched(data: bytes, old: bytes, new: bytes) -> bytes:
    """Return the file with these bytes, which occur once, replaced, keeping its length."""
    assert data.count(old) == 1
    assert len(old) == len(new)
    return data.replace(old, new)


def ispe(width: int, height: int) -> bytes:
    return b"ispe\0\0\0\0" + width.to_bytes(4) + height.to_bytes(4)


# Orientation


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_boxes_turn_the_picture_once_whatever_exif_says(orientation: int) -> None:
    """The encoder writes `irot` and `imir`, and keeps the tag in the EXIF block."""
    tags = exif(orientation=orientation)
    data = encoded(corners(), HEIC, quality=95, exif=tags)
    lying = Image.open(io.BytesIO(encoded(corners(), PictureFormat.PNG, exif=tags)))
    expected = ImageOps.exif_transpose(lying)
    assert primary_of(data).exif
    assert gap(shown(data), expected) < 2
    with opened_picture(data) as opened:
        assert opened.upright_size == expected.size
    assert gap(shown(public(data)), expected) < 2


@pytest.mark.parametrize(
    ("quarters", "method"),
    [(1, Image.Transpose.ROTATE_90), (2, Image.Transpose.ROTATE_180), (3, Image.Transpose.ROTATE_270)],
)
def test_the_box_counts_quarters_against_the_clock(quarters: int, method: Image.Transpose) -> None:
    data = encoded(corners(), HEIC, quality=95, exif=exif(orientation=8))
    turned = patched(data, b"irot\1", b"irot" + bytes([quarters]))
    assert gap(shown(turned), corners().transpose(method)) < 2


def test_exif_alone_turns_nothing() -> None:
    data = encoded(corners(), HEIC, quality=95, exif=exif(orientation=6))
    assert gap(shown(patched(data, b"irot\3", b"irot\0")), corners()) < 2


@pytest.mark.parametrize("size", [(33, 17), (97, 1), (1, 70)])
def test_odd_sides_are_cropped_to_what_is_shown(size: tuple[int, int]) -> None:
    picture = photograph(size=size)
    assert gap(shown(encoded(picture, HEIC, quality=95, chroma=444)), picture) < 6


# What is in a file beside the picture


def test_a_picture_in_tiles_is_put_together() -> None:
    picture = photograph(size=(150, 90))
    data = encoded(picture, HEIC, quality=95, chroma=444, tile_size=64)
    assert len(primary_of(data).kept) == 1 + 3 * 2
    assert gap(shown(data), picture) < 4


@pytest.mark.parametrize("primary", [0, 1, 2])
def test_the_primary_picture_of_several_is_the_one(primary: int) -> None:
    pictures = [photograph(size=SIZE), corners(), ImageOps.mirror(corners())]
    data = of_several(*pictures, primary=primary, quality=90)
    assert gap(shown(data), pictures[primary]) < 4
    assert gap(shown(public(data)), pictures[primary]) < 4
    assert has_location(data), "who knows what the others show"
    assert not has_location(public(data))
    assert len(public(data)) < len(data)


def test_thumbnails_are_left_out_of_what_others_see() -> None:
    picture = photograph(size=(128, 96))
    data = encoded(picture, HEIC, quality=90, thumbnails=[64])
    assert has_location(data)
    assert not has_location(public(data))
    assert np.array_equal(np.asarray(shown(public(data))), np.asarray(shown(data)))


@pytest.mark.parametrize("options", [{}, {"tile_size": 64}, {"exif": exif()}, {"xmp": b"<x>Berlin</x>"}])
def test_what_others_see_has_the_same_pixels_and_no_words(options: dict[str, Any]) -> None:
    data = encoded(photograph(size=(128, 96)), HEIC, quality=90, **options)
    seen = public(data)
    assert np.array_equal(np.asarray(shown(seen)), np.asarray(shown(data)))
    assert not has_location(seen)
    assert has_location(data) is bool({"exif", "xmp"} & options.keys())
    for word in (b"Exif", b"Secret", b"Berlin", b"mime"):
        assert word not in seen
    assert public(seen) == seen


def test_a_camera_that_tells_no_place_tells_none() -> None:
    tags = Image.Exif()
    tags[0x010F], tags[0x0110] = "Maker", "Model"
    assert not has_location(encoded(photograph(size=SIZE), HEIC, exif=tags.tobytes()))


def longer_property(data: bytes, kind: bytes, words: bytes) -> bytes:
    """Return the file with a text appended to a property, and all sizes and offsets adjusted."""
    grown = bytearray(data)
    for each in (b"meta", b"iprp", b"ipco", kind):
        at = data.index(each) - 4
        grown[at : at + 4] = (int.from_bytes(data[at : at + 4]) + len(words)).to_bytes(4)
    media = data.index(b"mdat") + 4
    at = data.index(media.to_bytes(4), data.index(b"iloc"))
    grown[at : at + 4] = (media + len(words)).to_bytes(4)
    begin = data.index(kind) - 4
    end = begin + int.from_bytes(data[begin : begin + 4])
    return bytes(grown[:end]) + words + bytes(grown[end:])


def hiding(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the file with a text inserted at places without image data."""
    words = b"52.52N 13.40E 1.1 "
    yield "behind it", data + words
    yield "a box of its own", data + (8 + len(words)).to_bytes(4) + b"free" + words
    media = data.index(b"mdat") - 4
    size = int.from_bytes(data[media : media + 4]) + len(words)
    yield "behind the pixels", data[:media] + size.to_bytes(4) + data[media + 4 :] + words
    yield "in the brands", patched(data, b"ftypheic\0\0\0\0mif1", b"ftypheic\0\0\0\0N52E")
    for kind in (b"ispe", b"colr", b"pixi"):
        yield f"in the property {kind!r}", longer_property(data, kind, words)
    yield "in the version", patched(data, b"ftypheic\0\0\0\0", b"ftypheicN52E")


@pytest.mark.parametrize("index", range(8))
def test_words_in_any_corner_of_the_file_count_as_telling(index: int) -> None:
    name, data = list(hiding(encoded(photograph(size=SIZE), HEIC)))[index]
    assert has_location(data), name
    assert not has_location(public(data)), name
    assert gap(shown(public(data)), shown(data)) == 0


def test_words_among_the_coded_slices_are_left_out() -> None:
    """Supplemental units (H.265, 7.3.5) may contain anything."""
    data = encoded(photograph(size=SIZE), HEIC)
    clean = primary_of(data)
    media = data.index(b"mdat") + 4
    unit = b"\x4e\x01\x05\x1052.52N 13.40E...\x80"
    longer = data[: media - 8] + (len(data) - media + 8 + 4 + len(unit)).to_bytes(4) + b"mdat"
    longer += len(unit).to_bytes(4) + unit + data[media:]
    length = len(data) - media
    longer = patched(longer, bytes(4) + length.to_bytes(4), bytes(4) + (length + 4 + len(unit)).to_bytes(4))
    assert has_location(longer)
    assert primary_of(longer).data == clean.data


# Colors and depths


@pytest.mark.parametrize("chroma", [420, 422, 444])
def test_any_subsampling_shows_the_same(chroma: int) -> None:
    picture = photograph(size=SIZE)
    assert gap(shown(encoded(picture, HEIC, quality=95, chroma=chroma)), picture) < 5


@pytest.mark.parametrize(("bits", "is_fine"), [(10, False), (12, True)])
@pytest.mark.parametrize("mode", ["RGB;16", "I;16"])
def test_deep_samples_are_rounded_once(mode: str, bits: int, is_fine: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pillow_heif().options, "SAVE_HDR_TO_12_BIT", is_fine)
    tones = np.linspace(0, 65535, 64 * 64).round().astype(np.uint16).reshape(64, 64)
    samples = np.dstack([tones] * 3) if mode == "RGB;16" else tones
    data = of_samples(mode, samples, **({} if mode == "RGB;16" else {"matrix_coefficients": 6}))
    with opened_picture(data) as opened:
        assert opened.image.info["bit_depth"] == bits  # type: ignore[attr-defined]  # of a HeifPicture
    made = np.asarray(shown(data)).astype(int)
    assert (made[0, 0].max(), made[-1, -1].min()) == (0, 255)
    assert np.abs(made - (tones[..., None] / 257)).max() <= 1


@pytest.mark.parametrize("mode", ["RGBA", "RGBa"])
@pytest.mark.parametrize("deep", ["", ";16"])
def test_alpha_is_straight_or_premultiplied_as_the_file_says(mode: str, deep: str) -> None:
    alpha = np.tile(np.linspace(64, 255, 64).round().astype(np.uint16), (64, 1))
    color = np.array([200, 100, 40], np.float64)
    factor = alpha[..., None] / 255 if mode == "RGBa" else np.ones((64, 64, 1))
    samples = np.dstack(((color * factor).round().astype(np.uint16), alpha))
    samples = samples * 257 if deep else samples.astype(np.uint8)
    made = shown(of_samples(mode + deep, samples))
    assert made.mode == "RGBA"
    assert np.abs(np.asarray(made).astype(int)[..., :3] - color).max() <= 4
    assert np.abs(np.asarray(made).astype(int)[..., 3] - alpha).max() <= 2


@pytest.mark.parametrize("deep", ["", ";16"])
def test_opaque_alpha_is_none(deep: str) -> None:
    top = 65535 if deep else 255
    samples = np.full((64, 64, 4), top, np.uint16 if deep else np.uint8)
    assert shown(of_samples("RGBA" + deep, samples)).mode == "RGB"


@pytest.mark.parametrize("deep", ["", ";16"])
def test_display_p3_is_converted_by_its_numbers(deep: str) -> None:
    """Chromium shows this red of Display P3 as (241, 0, 0), by an AVIF with the same numbers."""
    samples = np.full((64, 64, 3), (220, 30, 30), np.uint16) * (257 if deep else 1)
    data = of_samples(
        "RGB" + deep, samples.astype(np.uint16 if deep else np.uint8), color_primaries=12, transfer_characteristics=13
    )
    red, green, blue = shown(data).getpixel((30, 30))  # type: ignore[misc]  # of an RGB picture
    assert abs(red - 241) <= 2
    assert max(green, blue) <= 2


@pytest.mark.parametrize("transfer", [16, 18])
@pytest.mark.parametrize("deep", ["", ";16"])
def test_hdr_is_tone_mapped_as_in_other_formats(transfer: int, deep: str) -> None:
    samples = np.full((64, 64, 3), (148 * 257, 100 * 257, 60 * 257), np.uint16)
    stored = samples if deep else (samples // 257).astype(np.uint8)
    data = of_samples("RGB" + deep, stored, color_primaries=9, transfer_characteristics=transfer)
    expected = tone_mapped(samples, encoding_of_nclx(9, transfer))
    assert gap(shown(data), expected) < 2
    assert gap(shown(data), Image.fromarray((samples // 257).astype(np.uint8))) > 10


# Limits and refusals


def test_a_large_property_that_tiles_share_is_not_multiplied() -> None:
    data = encoded(photograph(size=(128, 64)), HEIC, icc_profile=bytes(1_000_000), tile_size=64)
    assert len(public(data)) < 1_010_000
    with pytest.raises(UndecodablePicture):
        primary_of(longer_property(encoded(photograph(size=SIZE), HEIC), b"pixi", bytes(70_000)))


def test_sizes_are_judged_before_anything_is_decoded() -> None:
    whole = encoded(photograph(size=(128, 64)), HEIC, tile_size=64)
    plain = encoded(photograph(size=(64, 64)), HEIC)
    grid = whole.index(b"idat") + 4 if b"idat" in whole else whole.index(b"\0\0\0\1\0\x80\0\x40")
    bombs = [
        patched(plain, ispe(64, 64), ispe(10_000, 6_000)),
        patched(whole, ispe(128, 64), ispe(10_000, 6_000)),
        whole[: grid + 4] + b"\x40\0\x40\0" + whole[grid + 8 :],
    ]
    for bomb in bombs:
        with pytest.raises(TooManyPixels):
            PillowProbe().identify(io.BytesIO(bomb))


def test_what_a_small_file_has_in_great_numbers_is_refused_soon() -> None:
    """Each tile's parameter sets are read: 3000 of them took 23 ms, and a file may have a thousand tiles."""
    plain = encoded(photograph(size=(64, 64)), HEIC)
    begin = plain.index(b"hvcC") + 4
    record = plain[begin : begin - 8 + int.from_bytes(plain[begin - 8 : begin - 4])]
    sets = bytes([0x21]) + (3).to_bytes(2) + (b"\0\x18" + a_parameter_set(64, 64, size_bytes=24)) * 3
    assert configuration_of(record[:22] + bytes([2]) + sets * 2).pixels == 64 * 64
    with pytest.raises(UndecodablePicture):
        configuration_of(record[:22] + bytes([22]) + sets * 22)
    picture, words = b"\3\2\1\x80", b"\2\x4e\x01"
    assert stream_of(picture + words * 9, length_bytes=1, units_max=10).units == 10
    with pytest.raises(UndecodablePicture):
        stream_of(picture + words * 10, length_bytes=1, units_max=10)
    with pytest.raises(UndecodablePicture):
        primary_of(patched(longer_property(plain, b"pixi", b"x" * 300), b"pixi", b"auxC"))


class Bits:
    """Bits, composed as in a sequence parameter set (H.265, 7.3.2.2.1)."""

    def __init__(self) -> None:
        self.text = ""

    def number(self, value: int, count: int) -> None:
        self.text += f"{value:0{count}b}"

    def exponential(self, value: int) -> None:
        self.text += "0" * ((value + 1).bit_length() - 1) + f"{value + 1:b}"

    def padded(self, size_bytes: int) -> bytes:
        text = self.text.ljust(size_bytes * 8, "1")
        return int(text, 2).to_bytes(size_bytes)


def a_parameter_set(width: int, height: int, *, size_bytes: int) -> bytes:
    bits = Bits()
    bits.number(0x4201, 16)  # a sequence parameter set of the base layer
    bits.number(0b00000001, 8)
    bits.number((1 << 96) - 1, 96)  # profile and level, without bytes that look like a start code
    bits.exponential(0)
    bits.exponential(1)  # 4:2:0
    bits.exponential(width)
    bits.exponential(height)
    return bits.padded(size_bytes)


def test_a_stream_that_announces_more_than_its_box_is_refused() -> None:
    """`ispe` says 64x64, the stream's parameter set 16,384x16,384, for which a decoder would allocate memory."""
    data = encoded(photograph(size=(64, 64)), HEIC)
    begin = data.index(b"\x42\x01\x01", data.index(b"hvcC"))
    size_bytes = int.from_bytes(data[begin - 2 : begin])
    bomb = data[:begin] + a_parameter_set(16_384, 16_384, size_bytes=size_bytes) + data[begin + size_bytes :]
    with pytest.raises(TooManyPixels) as refusal:
        PillowProbe().identify(io.BytesIO(bomb))
    assert refusal.value.pixels >= 16_384 * 16_384 > refusal.value.pixels_max == PICTURE_PIXELS_MAX


@pytest.mark.parametrize("size", [(64, 64), (200, 72), (1000, 72)])
def test_the_size_in_a_stream_is_read_as_its_encoder_wrote_it(size: tuple[int, int]) -> None:
    data = encoded(photograph(size=size), HEIC)
    begin = data.index(b"hvcC")
    body = data[begin + 4 : begin - 4 + int.from_bytes(data[begin - 4 : begin])]
    assert configuration_of(body).pixels == size[0] * size[1]


def test_a_box_that_says_another_size_than_the_stream_makes_the_picture_damaged() -> None:
    data = patched(encoded(photograph(size=(64, 64)), HEIC), ispe(64, 64), ispe(32, 64))
    with pytest.raises(UndecodablePicture):
        PillowProbe().identify(io.BytesIO(data))


@pytest.mark.parametrize("brand", [b"hevc", b"hevx", b"msf1"])
def test_a_sequence_is_an_animation(brand: bytes) -> None:
    data = encoded(photograph(size=SIZE), HEIC)
    with pytest.raises(AnimatedPicture):
        PillowProbe().identify(io.BytesIO(data[:8] + brand + data[12:]))


@pytest.mark.parametrize(
    ("kind", "name"), [(b"av01", "HEIF coded as AV1"), (b"j2k1", "HEIF coded as JPEG 2000"), (b"iovl", "This kind of")]
)
def test_a_picture_in_another_code_is_refused_by_its_name(kind: bytes, name: str) -> None:
    data = patched(encoded(photograph(size=SIZE), HEIC), b"hvc1\0", kind + b"\0")
    with pytest.raises(UnsupportedPicture, match=name):
        PillowProbe().identify(io.BytesIO(data))


def test_without_the_library_it_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(photograph(size=SIZE), HEIC)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(UnsupportedPicture) as refusal:
        PillowProbe().identify(io.BytesIO(data))
    assert str(refusal.value).startswith("HEIC is not supported. Export it as JPEG, or")


@pytest.mark.parametrize("brands", [b"heicmif1", b"heixmif1", b"mif1heic", b"mif1miaf", b"heimmif1"])
def test_any_brand_of_still_pictures_is_read(brands: bytes) -> None:
    data = encoded(photograph(size=SIZE), HEIC)
    renamed = data[:8] + brands[:4] + bytes(4) + brands[4:] + data[20:]
    assert PillowProbe().identify(io.BytesIO(renamed)).format is HEIC


def test_what_stands_behind_the_last_box_is_no_reason_to_refuse() -> None:
    data = encoded(photograph(size=SIZE), HEIC)
    assert gap(shown(data + b"\0\0\0\x99junk"), shown(data)) == 0


@pytest.mark.filterwarnings("ignore")  # Pillow's words on broken EXIF
def test_whatever_is_cut_off_or_changed_ends_in_our_errors() -> None:
    whole = encoded(photograph(size=(130, 70)), HEIC, quality=20, tile_size=64, exif=exif(orientation=6))
    deep = of_samples("RGBA;16", np.full((64, 64, 4), 999, np.uint16), quality=20)
    chance = np.random.default_rng(7)
    tried = [whole[:end] for end in range(0, len(whole), 7)]
    for seed in (whole, deep):
        for _ in range(150):
            changed = bytearray(seed)
            for at in chance.integers(0, min(len(seed), 900), 3):
                changed[at] = chance.integers(0, 256)
            tried.append(bytes(changed))
    for data in tried:
        try:
            PillowProbe().inspect(io.BytesIO(data))
            public(data)
        except UnacceptablePicture:
            pass
