"""Pictures with more than 8 bits per channel, valid and broken."""

import contextlib
import gc
import io
import sys
import tracemalloc
import zlib
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from color_files import (
    SRGB_XY,
    a_gray_profile,
    a_png,
    a_profile,
    an_avif,
    cicp,
    gama,
    iccp,
    lattice,
    ramp,
    srgb_of_light,
    widened,
)
from effort import examples
from pictures import encoded, exif, photograph
from spike_core.domain.errors import UnacceptablePicture, UndecodablePicture
from spike_imaging.avif_color import avif_facts
from spike_imaging.deep_decoding import png_samples
from spike_imaging.high_bit_depth import cmyk_to_srgb8, to_srgb8
from spike_imaging.open import opened_picture
from spike_pillow import PillowProbe

LINEAR: Final = a_profile(*SRGB_XY, gamma=1.0)
# 16-bit values of linear light, of which Pillow keeps nothing
SHADOWS: Final = np.array([0, 80, 160, 240, 320], np.uint16)


def seen(data: bytes) -> NDArray[np.int64]:
    with opened_picture(data) as picture:
        return np.asarray(picture.decode().srgb()).astype(np.int64)


def shadows(channels: int) -> NDArray[np.uint16]:
    """Return one row of dark pixels, opaque."""
    samples = np.repeat(SHADOWS[np.newaxis, :, np.newaxis], channels, axis=2)
    if channels in {2, 4}:
        samples[..., -1] = 65535
    return samples


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("interlaced", [False, True], ids=["plain", "interlaced"])
@pytest.mark.parametrize("stated", ["profile", "gray profile", "gAMA", "cICP"])
def test_shadows_are_converted_before_they_are_rounded(channels: int, interlaced: bool, stated: str) -> None:
    profile = a_gray_profile(gamma=1.0) if stated == "gray profile" and channels < 3 else LINEAR
    chunk = {"gAMA": gama(1), "cICP": cicp(1, 8)}.get(stated, iccp(profile))
    result = seen(a_png(shadows(channels), chunk, interlaced=interlaced))
    assert result.shape == (1, 5, 3)
    assert np.abs(result - srgb_of_light(SHADOWS / 65535)[:, np.newaxis]).max() <= 0.51


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("interlaced", [False, True], ids=["plain", "interlaced"])
def test_samples_without_a_profile_are_rounded_to_the_nearest(channels: int, interlaced: bool) -> None:
    generator = np.random.default_rng(1)
    samples = generator.integers(0, 65536, (21, 13, channels), dtype=np.uint16)
    wanted = np.round(samples / 257).astype(int)
    colors = np.repeat(wanted[..., :1], 3, axis=2) if channels < 3 else wanted[..., :3]
    result = seen(a_png(samples, interlaced=interlaced))
    assert np.array_equal(result[..., :3], colors)
    if channels in {2, 4}:
        assert np.array_equal(result[..., 3], wanted[..., -1])


@pytest.mark.parametrize("key", [b"\x12\x34", b"\x12\x34\x56\x78\x9a\xbc"], ids=["gray", "RGB"])
def test_a_transparent_color_is_compared_in_16_bits(key: bytes) -> None:
    color = np.frombuffer(key, ">u2").astype(np.uint16)
    samples = np.array([[color, color + 1, color]])
    result = seen(a_png(samples, (b"tRNS", key)))
    assert result[0, :, 3].tolist() == [0, 255, 0]
    assert np.array_equal(result[0, 1, :3], np.round(np.broadcast_to(color + 1, 3) / 257))


def test_alpha_that_rounds_to_opaque_is_none() -> None:
    samples = shadows(4)
    samples[..., 3] = 65535 - 128
    assert seen(a_png(samples)).shape == (1, 5, 3)
    samples[0, 0, 3] = 65535 - 129
    assert seen(a_png(samples)).shape == (1, 5, 4)


@pytest.mark.parametrize("place", ["chunks", "trailing"])
def test_a_deep_png_is_turned_by_its_exif_wherever_it_stands(place: str) -> None:
    chunk = (b"eXIf", exif(orientation=6).removeprefix(b"Exif\0\0"))
    samples = widened(lattice(), 16)
    data = a_png(samples, chunk) if place == "chunks" else a_png(samples, trailing=(chunk,))
    assert np.array_equal(seen(data), np.rot90(lattice(), -1))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("bits", [8, 10])
def test_an_avif_is_turned_by_its_boxes(bits: int, orientation: int) -> None:
    """`irot` and `imir` are properties: Pillow creates them, and their boxes are inserted into the deep file."""
    turned = encoded(Image.fromarray(lattice()), "AVIF", exif=exif(orientation=orientation))
    plain = an_avif(lattice() if bits == 8 else widened(lattice(), bits), 1, 13, bits=bits)
    boxes = [turned[at - 4 : at + 5] for name in (b"irot", b"imir") if (at := turned.find(name)) > 0]
    wanted = Image.fromarray(lattice())
    wanted = _turned(wanted, orientation)
    assert np.array_equal(seen(_with_properties(plain, boxes)), np.asarray(wanted))


def _turned(picture: Image.Image, orientation: int) -> Image.Image:
    tags = Image.Exif()
    tags[0x0112] = orientation
    with Image.open(io.BytesIO(encoded(picture, "PNG", exif=tags))) as tagged:
        from PIL import ImageOps  # noqa: PLC0415

        return ImageOps.exif_transpose(tagged)


def _with_properties(avif: bytes, boxes: list[bytes]) -> bytes:
    """Return an AVIF of one item whose properties are followed by these boxes (ISO/IEC 23008-12, 9.3)."""
    added = b"".join(boxes)
    ipco, ipma = avif.index(b"ipco") - 4, avif.index(b"ipma") - 4
    count = avif[ipma + 18]
    numbers = bytes(0x80 | (count + 1 + index) for index in range(len(boxes)))
    data = bytearray(avif)
    data[ipma + 18] = count + len(boxes)
    end = ipma + int.from_bytes(avif[ipma : ipma + 4])
    data[end:end] = numbers
    data[ipma:ipma] = added
    grown = {b"ipco": len(added), b"ipma": len(numbers), b"iprp": len(added + numbers), b"meta": len(added + numbers)}
    for name, more in grown.items():
        at = data.index(name) - 4
        data[at : at + 4] = (int.from_bytes(data[at : at + 4]) + more).to_bytes(4)
    offset = avif.index(b"iloc") + 4 + 4 + 2 + 2 + 2 + 2 + 2  # version, sizes, count, item, reference, extents
    assert ipco < ipma
    data[offset : offset + 4] = (int.from_bytes(data[offset : offset + 4]) + len(added + numbers)).to_bytes(4)
    return bytes(data)


@pytest.mark.parametrize("bits", [10, 12])
@pytest.mark.parametrize("channels", [3, 4])
def test_a_deep_avif_s_white_is_white(bits: int, channels: int) -> None:
    samples = ramp(channels).copy()
    samples[..., -1] = ramp(1)[..., 0]
    assert np.abs(seen(an_avif(widened(samples, bits), 1, 13, bits=bits)) - samples).max() <= 1


def test_a_deep_picture_is_probed_as_any() -> None:
    for data in (a_png(widened(lattice(), 16)), an_avif(widened(lattice(), 10), 1, 13, bits=10)):
        facts = PillowProbe().inspect(io.BytesIO(data))
        assert (facts.dimensions.width_px, facts.dimensions.height_px, facts.is_blank) == (18, 12, False)


# The conversion itself


@pytest.mark.parametrize("profile", [b"junk", bytes(200), LINEAR[:300], a_gray_profile(gamma=1.0)[:200]])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_broken_profile_counts_as_none(channels: int, profile: bytes) -> None:
    assert np.array_equal(
        np.asarray(to_srgb8(shadows(channels), profile=profile)), np.asarray(to_srgb8(shadows(channels)))
    )


def test_cmyk_without_a_fitting_profile_is_made_of_ideal_inks() -> None:
    inks = np.array([[[0, 0, 0, 0], [65535, 0, 0, 0], [0, 0, 0, 65535]]], np.uint16)
    for profile in (b"", b"junk", LINEAR):
        picture = np.asarray(cmyk_to_srgb8(inks, profile=profile))
        assert picture.tolist() == [[[255, 255, 255], [0, 255, 255], [0, 0, 0]]]


def test_strips_join_without_a_seam() -> None:
    samples = np.random.default_rng(2).integers(0, 65536, (880, 800, 3), dtype=np.uint16)
    whole = np.asarray(to_srgb8(samples, profile=LINEAR))
    wanted = srgb_of_light(samples / 65535)
    assert np.abs(whole - wanted).max() <= 0.51


# Hostile bytes


FILES: Final = {
    "PNG": a_png(widened(lattice(), 16), cicp(9, 13), iccp(LINEAR), gama(0.5)),
    "PNG, PQ": a_png(widened(lattice(), 16), cicp(9, 16)),
    "AVIF": an_avif(widened(lattice(), 10), 9, 13, bits=10),
    "AVIF, HLG": an_avif(lattice(), 9, 18),
}


@pytest.mark.parametrize("which", FILES)
def test_a_file_cut_anywhere_gives_a_picture_or_a_refusal(which: str) -> None:
    data = FILES[which]
    for end in range(20, len(data), max(1, len(data) // 150)):
        with contextlib.suppress(UnacceptablePicture):
            seen(data[:end])


@given(st.sampled_from(list(FILES)), st.floats(0, 1), st.binary(min_size=1, max_size=8))
@settings(max_examples=examples(150), deadline=None)
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_junk_anywhere_gives_a_picture_or_a_refusal(which: str, share: float, junk: bytes) -> None:
    data = FILES[which]
    place = int(share * len(data))
    with contextlib.suppress(UnacceptablePicture):
        seen(data[:place] + junk + data[place + len(junk) :])


@given(st.binary(max_size=300))
@settings(max_examples=examples(150), deadline=None)
def test_any_boxes_say_something(junk: bytes) -> None:
    whole = FILES["AVIF"]
    start = whole.index(b"meta") + 8
    assert avif_facts(whole[:start] + junk).bit_depth in {8, 10, 12}
    assert avif_facts(junk).bit_depth == 8


def test_a_deep_png_without_all_its_rows_is_refused() -> None:
    whole = a_png(np.random.default_rng(3).integers(0, 65536, (40, 40, 3), dtype=np.uint16))
    with pytest.raises(UndecodablePicture):
        seen(whole[: len(whole) // 2])


def test_broken_deep_pngs_take_no_references_to_none() -> None:
    """The library imagecodecs took references to None; thousands of them would crash the process."""
    whole = a_png(widened(lattice(), 16))
    gc.collect()  # what other tests have left refers to None, too
    gc.disable()
    try:
        before = sys.getrefcount(None)
        for end in range(100, 300):
            with pytest.raises(UndecodablePicture):
                seen(whole[: len(whole) * end // 400])
        assert sys.getrefcount(None) > before - 50
    finally:
        gc.enable()


def test_broken_deep_pngs_keep_no_memory() -> None:
    """The library imagecodecs leaked memory: a child of the sandbox refused all pictures after some of them."""
    whole = a_png(np.full((500, 500, 4), 999, np.uint16))
    tracemalloc.start()
    try:
        for end in range(120, 130):
            with pytest.raises(UndecodablePicture):
                png_samples(whole[: len(whole) * end // 140], size=(500, 500))
        assert tracemalloc.get_traced_memory()[0] < 500 * 500 * 8
    finally:
        tracemalloc.stop()


def test_a_deep_png_whose_size_lies_is_refused() -> None:
    """Its IHDR states more rows than it contains."""
    data = bytearray(a_png(widened(lattice(), 16)))
    data[20:24] = (4000).to_bytes(4)
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4)
    with pytest.raises(UndecodablePicture):
        seen(bytes(data))


def test_a_photograph_of_16_bits_looks_like_its_8_bits() -> None:
    picture = np.asarray(photograph(size=(90, 60)))
    assert np.array_equal(seen(a_png(widened(picture, 16))), picture)
