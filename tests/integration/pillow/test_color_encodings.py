"""Colors that a file defines without an ICC profile, by the formulas of their standards."""

from typing import Any, Final

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from color_files import (
    P3_XY,
    PRO_PHOTO_XY,
    SRGB_XY,
    a_gray_profile,
    a_png,
    a_profile,
    adobe_rgb,
    an_avif,
    chrm,
    cicp,
    gama,
    iccp,
    lattice,
    light_level,
    light_of_srgb,
    matrix_to_srgb,
    ramp,
    srgb_of_light,
    widened,
    with_nclx,
)
from effort import examples
from pictures import encoded
from spike_imaging.open import opened_picture

Light = NDArray[np.float64]

GAP_MAX: Final = 1  # of 255
XY: Final = {
    "BT.2020": (0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    "P3": P3_XY,
    "ProPhoto": PRO_PHOTO_XY,
    "sRGB": SRGB_XY,
}
# Adobe RGB (1998), 4.3.1 and 4.3.4
ADOBE_XY: Final = (0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
ADOBE_GAMMA: Final = 563 / 256


def seen(data: bytes) -> NDArray[np.int64]:
    """Return the picture in sRGB, as engines receive it."""
    with opened_picture(data) as picture:
        return np.asarray(picture.decode().srgb()).astype(np.int64)


def gap(data: bytes, wanted: Any) -> float:
    """Return the largest difference of 255."""
    return float(np.abs(seen(data) - np.round(wanted)).max())


def unchanged(samples: NDArray[np.uint8], *chunks: tuple[bytes, bytes]) -> bool:
    return bool(np.array_equal(seen(a_png(samples, *chunks)), samples))


def steep(wanted: Light) -> NDArray[np.bool_]:
    """Return which pixels have a channel near 0, where a ten-thousandth of light changes several values."""
    return np.asarray((wanted <= 3).any(axis=2))


def converted(samples: NDArray[np.uint8], xy: tuple[float, ...], gamma: float) -> Light:
    """Return samples of these chromaticities and exponent, converted to sRGB."""
    return srgb_of_light((samples / 255) ** gamma @ matrix_to_srgb(*xy).T)


@given(st.floats(0.05, 5))
@example(1.0)
@settings(max_examples=examples(25, share=2), deadline=None)
def test_gama_is_the_exponent_that_samples_were_encoded_by(gamma: float) -> None:
    gamma = round(gamma, 5)
    if abs(gamma * 2.2 - 1) < 0.05:
        assert unchanged(ramp(), gama(gamma))
    else:
        assert gap(a_png(ramp(), gama(gamma)), srgb_of_light((ramp() / 255) ** (1 / gamma))) <= GAP_MAX


@given(st.sampled_from(list(XY)), st.tuples(*[st.integers(-20, 20)] * 8), st.integers(300, 1000))
@settings(max_examples=examples(25, share=2), deadline=None)
def test_chrm_states_white_and_primaries(name: str, moves: tuple[int, ...], thousandths: int) -> None:
    gamma = thousandths / 1000
    xy = tuple(max(0.0001, value + move / 1000) for value, move in zip(XY[name], moves, strict=True))
    wanted = converted(lattice(), xy, 1 / gamma)
    gaps = np.abs(seen(a_png(lattice(), chrm(*xy), gama(gamma))) - wanted)
    assert gaps[~steep(wanted)].max() <= GAP_MAX
    assert gaps.max() <= 3


@given(st.tuples(*[st.floats(0, 1)] * 8), st.floats(0.001, 3))
@settings(max_examples=examples(40, share=4), deadline=None)
def test_any_chromaticities_give_a_picture(xy: tuple[float, ...], gamma: float) -> None:
    assert seen(a_png(lattice(), chrm(*xy), gama(gamma))).shape == (12, 18, 3)


@pytest.mark.parametrize(
    "chunks",
    [
        (gama(0),),
        ((b"gAMA", b"\x7f\xff\xff\xff"),),
        ((b"gAMA", b"\0\0\0\1"),),
        (chrm(*P3_XY),),
        (gama(1), (b"cHRM", b"\xff" * 32)),
        (gama(1), chrm(*[0] * 8)),
        (gama(1), chrm(0.3127, 0, *P3_XY[2:])),
        (gama(1), chrm(0.3127, 0.329, 0.64, 0.33, 0.64, 0.33, 0.15, 0.06)),
        (gama(1), chrm(0.3127, 0.329, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4)),
        (cicp(2, 2),),
        (cicp(1, 2),),
        (cicp(0, 13),),
        (cicp(255, 255),),
        (cicp(9, 13, 1),),
        (cicp(9, 13, 0, 0),),
        ((b"cICP", b"\x09\x0d"),),
        ((b"sRGB", b"\0"), gama(1), chrm(*P3_XY)),
        ((b"sRGB", b"\3"), gama(1)),
        (cicp(1, 13), iccp(adobe_rgb()), gama(1)),
    ],
    ids=lambda chunks: " ".join(f"{name.decode()}={body[:8].hex()}" for name, body in chunks),
)
def test_srgb_and_nonsense_change_nothing(chunks: tuple[tuple[bytes, bytes], ...]) -> None:
    assert unchanged(lattice(), *chunks)


@pytest.mark.parametrize("body", [b"\4", b"\x63", b"\0\0"])
def test_an_srgb_chunk_without_a_known_intent_says_nothing(body: bytes) -> None:
    """There are four (PNG, third edition, 11.3.2.5); Chromium then uses gAMA, too."""
    assert np.array_equal(seen(a_png(lattice(), (b"sRGB", body), gama(1))), seen(a_png(lattice(), gama(1))))


def test_chunks_come_in_the_specification_s_order() -> None:
    """PNG, third edition, 11.3.2: cICP, iCCP, sRGB, then gAMA and cHRM, in any order of the chunks."""
    chunks = [(b"sRGB", b"\0"), gama(1), chrm(*XY["BT.2020"]), iccp(adobe_rgb()), cicp(12, 13)]
    wanted = [
        srgb_of_light(light_of_srgb(lattice()) @ matrix_to_srgb(*P3_XY).T),
        converted(lattice(), ADOBE_XY, ADOBE_GAMMA),
        lattice(),
    ]
    assert gap(a_png(lattice(), *chunks), wanted[0]) <= GAP_MAX
    assert gap(a_png(lattice(), *chunks[:-1]), wanted[1]) <= 2
    assert gap(a_png(lattice(), *chunks[:-2]), wanted[2]) == 0
    assert gap(a_png(lattice(), *chunks[1:-2]), converted(lattice(), XY["BT.2020"], 1)) <= 2


def test_a_color_chunk_behind_the_pixels_is_too_late() -> None:
    assert np.array_equal(seen(a_png(ramp(), trailing=(gama(1),))), ramp())


# H.273, table 2: every set of primaries that has a name
CODES: Final = {
    1: SRGB_XY,
    4: (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (0.3127, 0.3290, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (0.3127, 0.3290, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (0.3127, 0.3290, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    8: (0.310, 0.316, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: XY["BT.2020"],
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: P3_XY,
    22: (0.3127, 0.3290, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}


@pytest.mark.parametrize("code", CODES)
def test_primaries_are_those_of_h_273(code: int) -> None:
    wanted = srgb_of_light(light_of_srgb(lattice()) @ matrix_to_srgb(*CODES[code]).T)
    assert gap(a_png(lattice(), cicp(code, 13)), wanted) <= GAP_MAX
    assert gap(an_avif(lattice(), code, 13), wanted) <= GAP_MAX


@pytest.mark.parametrize(
    ("code", "light"),
    [
        (4, lambda v: v**2.2),
        (5, lambda v: v**2.8),
        (7, lambda v: np.where(v < 0.0913, v / 4, ((v + 0.1115) / 1.1115) ** (1 / 0.45))),
        (8, lambda v: v),
        (17, lambda v: v**2.6 * 52.37 / 48),
    ],
)
def test_transfers_are_those_of_h_273(code: int, light: Any) -> None:
    wanted = srgb_of_light(light(ramp() / 255))
    assert gap(a_png(ramp(), cicp(1, code)), wanted) <= GAP_MAX
    assert gap(an_avif(ramp(), 1, code), wanted) <= GAP_MAX
    assert gap(a_png(widened(ramp(), 16), cicp(1, code)), wanted) <= GAP_MAX
    assert gap(an_avif(widened(ramp(), 12), 1, code, bits=12), wanted) <= GAP_MAX


@pytest.mark.parametrize("code", [1, 6, 14, 15])
def test_video_s_curve_is_a_display_s_in_png_and_srgb_s_in_avif(code: int) -> None:
    assert gap(a_png(ramp(), cicp(1, code)), srgb_of_light((ramp() / 255) ** 2.4)) <= GAP_MAX
    assert gap(an_avif(ramp(), 1, code), ramp()) == 0


@pytest.mark.parametrize(
    ("primaries", "transfer"), [(2, 2), (0, 0), (1, 13), (1, 2), (2, 13), (99, 99), (65535, 65535)]
)
def test_an_nclx_of_srgb_or_of_no_known_numbers_changes_nothing(primaries: int, transfer: int) -> None:
    assert gap(with_nclx(an_avif(lattice(), 1, 13), primaries, transfer), lattice()) == 0


def test_an_avif_s_profile_comes_before_its_numbers() -> None:
    options: dict[str, Any] = {"quality": 100, "subsampling": "4:4:4"}
    tagged = encoded(Image.fromarray(ramp()), "AVIF", icc_profile=a_profile(*SRGB_XY, gamma=1.0), **options)
    wanted = srgb_of_light(ramp() / 255)
    assert gap(with_nclx(tagged, 1, 4), wanted) <= 3  # Pillow's AVIF is lossy
    unreadable = encoded(Image.fromarray(ramp()), "AVIF", icc_profile=b"junk" * 40, **options)
    assert gap(with_nclx(unreadable, 1, 8), wanted) <= 12


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("profile", [a_gray_profile(gamma=1.0), a_profile(*SRGB_XY, gamma=1.0)], ids=["gray", "RGB"])
def test_gray_takes_a_profile_of_gray_and_of_rgb(channels: int, bits: int, profile: bytes) -> None:
    samples = ramp(channels) if bits == 8 else widened(ramp(channels), 16)
    is_color_with_gray = channels > 2 and profile[16:20] == b"GRAY"
    wanted = ramp() if is_color_with_gray else srgb_of_light(ramp() / 255)
    assert gap(a_png(samples, iccp(profile)), wanted) <= GAP_MAX


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_jpeg_takes_a_profile_as_a_png_does(mode: str) -> None:
    tones = Image.fromarray(ramp()).resize((128, 128), Image.Resampling.NEAREST).convert(mode)
    for profile in (a_gray_profile(gamma=1.0), a_profile(*SRGB_XY, gamma=1.0)):
        data = encoded(tones, "JPEG", quality=100, icc_profile=profile)
        values = np.asarray(tones.convert("RGB"))
        is_color_with_gray = mode == "RGB" and profile[16:20] == b"GRAY"
        assert gap(data, values if is_color_with_gray else srgb_of_light(values / 255)) <= GAP_MAX


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize(
    ("profile", "xy", "gamma"),
    [(adobe_rgb(), ADOBE_XY, ADOBE_GAMMA), (a_profile(*PRO_PHOTO_XY, gamma=1.8), PRO_PHOTO_XY, 1.8)],
    ids=["Adobe RGB", "ProPhoto"],
)
def test_wide_profiles_are_converted_without_loss(
    bits: int, profile: bytes, xy: tuple[float, ...], gamma: float
) -> None:
    samples = lattice() if bits == 8 else widened(lattice(), 16)
    inside = converted(lattice(), xy, gamma)
    gaps = np.abs(seen(a_png(samples, iccp(profile))) - inside)
    assert gaps[~steep(inside)].max() <= GAP_MAX
    assert gaps.max() <= 3


def test_dcf_s_adobe_rgb_in_exif_is_ignored_as_browsers_do() -> None:
    exif = Image.Exif()
    exif[0x8769] = {0xA001: 65535, 0xA005: {1: "R03"}}
    picture = Image.fromarray(lattice()).resize((144, 96), Image.Resampling.NEAREST)
    assert np.array_equal(seen(encoded(picture, "JPEG", exif=exif)), seen(encoded(picture, "JPEG")))


# High dynamic range


def pq(cd_m2: Any) -> Light:
    """Return PQ samples of 0 to 1 (ITU-R BT.2100, table 4, the inverse)."""
    power = (np.asarray(cd_m2, np.float64) / 10_000) ** 0.1593017578125
    return np.asarray(((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)


def pq_png(*pixels: tuple[float, float, float], chunks: tuple[tuple[bytes, bytes], ...] = (cicp(9, 16),)) -> bytes:
    samples = np.round(pq(np.array([pixels])) * 65535).astype(np.uint16)
    return a_png(samples, *chunks)


def test_pq_below_reference_white_is_shown_at_half_its_light() -> None:
    """203 cd/m2 is white in ITU-R BT.2408; half of the range is kept for brighter values."""
    levels = (0.0, 1.0, 10.0, 50.0, 100.0, 203.0)
    data = pq_png(*((level,) * 3 for level in levels))
    wanted = [[[value] * 3 for value in srgb_of_light(np.array(levels) / 203 / 2)]]
    assert gap(data, wanted) <= GAP_MAX


def test_pq_up_to_white_is_shown_as_it_is() -> None:
    levels = (0.0, 1.0, 10.0, 50.0, 100.0, 203.0, 900.0)
    data = pq_png(*((level,) * 3 for level in levels), chunks=(cicp(9, 16), light_level(203)))
    assert gap(data, [[[value] * 3 for value in srgb_of_light(np.array(levels) / 203)]]) <= GAP_MAX


@pytest.mark.parametrize("peak_cd_m2", [203, 300, 1000, 4000])
def test_brighter_is_never_darker_and_the_peak_is_white(peak_cd_m2: int) -> None:
    levels = np.geomspace(1, 10_000, 400)
    tones = seen(pq_png(*((level,) * 3 for level in levels), chunks=(cicp(9, 16), light_level(peak_cd_m2))))[0, :, 0]
    assert (np.diff(tones) >= 0).all()
    assert (tones[levels >= peak_cd_m2] >= 254).all()
    assert peak_cd_m2 == 203 or tones[np.searchsorted(levels, peak_cd_m2 * 0.7)] < 254


@pytest.mark.parametrize("brightness", [5.0, 50.0, 300.0])
def test_tone_mapping_keeps_hues(brightness: float) -> None:
    color = np.array([1.0, 0.6, 0.4])  # within sRGB
    in_2020 = color @ np.linalg.inv(matrix_to_srgb(*XY["BT.2020"])).T
    light = light_of_srgb(seen(pq_png(tuple((in_2020 * brightness).tolist())))[0, 0])
    assert light[1] / light[0] == pytest.approx(0.6, rel=0.06)
    assert light[2] / light[0] == pytest.approx(0.4, rel=0.08)


def test_hlg_is_shown_as_on_a_display_of_1000_cd_m2() -> None:
    """ITU-R BT.2408, table 1: reference white is 75 %, 203 cd/m2; the display's gamma is 1.2."""
    samples = np.round(np.array([[[0.0] * 3, [0.5] * 3, [0.75] * 3, [1.0] * 3]]) * 65535).astype(np.uint16)
    displayed = np.array([0.0, (1 / 12) ** 1.2 * 1000, 203.0, 1000.0])
    wanted = srgb_of_light(np.array([0, displayed[1] / 203 / 2, 0.5, 1.0]))
    assert gap(a_png(samples, cicp(9, 18)), [[[value] * 3 for value in wanted]]) <= GAP_MAX


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_is_the_same_picture_in_every_container_and_depth(transfer: int) -> None:
    pictures = [
        a_png(lattice(), cicp(9, transfer)),
        a_png(widened(lattice(), 16), cicp(9, transfer)),
        an_avif(lattice(), 9, transfer),
    ]
    first, *others = map(seen, pictures)
    assert all(np.abs(other - first).max() <= GAP_MAX for other in others)


def test_hdr_keeps_alpha() -> None:
    samples = ramp(4).copy()
    samples[..., 3] = 255 - samples[..., 0]
    for data in (a_png(samples, cicp(9, 16)), an_avif(samples, 9, 16)):
        assert np.array_equal(seen(data)[..., 3], samples[..., 3])
