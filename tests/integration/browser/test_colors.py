"""Colors: the engines decode what Chromium shows, within 2 of 255."""

import base64
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser

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
    ramp,
    widened,
    with_nclx,
)
from pictures import encoded
from spike_imaging.open import opened_picture

GAP_MAX: Final = 2  # of 255
# 2 and 3 stand for sRGB; Chromium refuses an AVIF of 9 to 12
PRIMARIES: Final = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 22)
TRANSFERS: Final = (1, 2, 4, 5, 6, 7, 8, 13, 14, 15, 16, 17, 18)
SHOW: Final = """async (files) => Promise.all(files.map(async ([type, base64]) => {
    const image = new Image();
    image.src = `data:${type};base64,${base64}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const context = canvas.getContext('2d', {willReadFrequently: true});
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
    return [canvas.width, canvas.height, btoa(String.fromCharCode(...pixels))];
}))"""


def _pngs() -> Iterator[tuple[str, bytes]]:
    linear = a_profile(*SRGB_XY, gamma=1.0)
    for code in PRIMARIES:
        yield f"cICP primaries {code}", a_png(lattice(), cicp(code, 13))
    for code in (*TRANSFERS, 9, 10, 11, 12):
        yield f"cICP transfer {code}", a_png(ramp(), cicp(1, code))
    for code in (16, 18):
        yield f"cICP 9, {code}", a_png(lattice(), cicp(9, code))
        yield f"cICP 12, {code}, 16 bits", a_png(widened(lattice(), 16), cicp(12, code))
        yield f"cICP 9, {code}, gray", a_png(ramp(1), cicp(9, code))
    for peak_cd_m2 in (100, 203, 400, 1000, 4000, 10_000):
        yield f"PQ up to {peak_cd_m2} cd/m2", a_png(ramp(), cicp(9, 16), light_level(peak_cd_m2))
    for gamma in (0, 0.1, 0.3, 0.43, 0.4319, 0.45455, 0.477, 0.4776, 0.55, 1, 2.2):
        yield f"gAMA {gamma}", a_png(ramp(), gama(gamma))
    for channels in (1, 2, 3, 4):
        for bits in (8, 16):
            samples = ramp(channels) if bits == 8 else widened(ramp(channels), 16)
            for chunk in (gama(1), iccp(linear), iccp(a_gray_profile(gamma=1.0)), cicp(1, 8)):
                yield f"{channels} channels, {bits} bits, {chunk[0]!r}", a_png(samples, chunk)
    yield "cHRM", a_png(lattice(), chrm(*P3_XY))
    yield "cHRM, gAMA", a_png(lattice(), chrm(*P3_XY), gama(0.45455))
    yield "sRGB's cHRM, gAMA", a_png(lattice(), chrm(*SRGB_XY), gama(0.45455))
    yield "white of D50", a_png(lattice(), chrm(0.3457, 0.3585, *SRGB_XY[2:]), gama(0.6))
    yield "cHRM on a line", a_png(lattice(), chrm(*SRGB_XY[:4], *SRGB_XY[2:4], *SRGB_XY[6:]), gama(1))
    yield "cHRM of zeros", a_png(lattice(), chrm(*[0] * 8), gama(1))
    yield "sRGB before cHRM", a_png(lattice(), (b"sRGB", b"\0"), chrm(*P3_XY), gama(1))
    yield "sRGB of no known intent before gAMA", a_png(lattice(), (b"sRGB", b"\x63"), gama(1))
    yield "iCCP before sRGB", a_png(lattice(), iccp(adobe_rgb()), (b"sRGB", b"\0"))
    yield "cICP before iCCP", a_png(lattice(), iccp(adobe_rgb()), cicp(12, 13))
    yield "unknown cICP behind iCCP", a_png(lattice(), iccp(adobe_rgb()), cicp(2, 2))
    yield "narrow cICP behind iCCP", a_png(lattice(), iccp(adobe_rgb()), cicp(9, 13, 0, 0))
    yield "short cICP behind cHRM", a_png(lattice(), (b"cICP", b"\x09\x0d\0"), chrm(*P3_XY), gama(0.45455))
    yield "broken iCCP behind gAMA", a_png(ramp(), iccp(b"junk" * 99), gama(1))
    yield "iCCP of gray", a_png(ramp(), iccp(a_gray_profile(gamma=1.0)), gama(1))
    yield "Adobe RGB", a_png(lattice(), iccp(adobe_rgb()))
    yield "ProPhoto", a_png(lattice(), iccp(a_profile(*PRO_PHOTO_XY, gamma=1.8)))
    yield "ProPhoto, 16 bits", a_png(widened(lattice(), 16), iccp(a_profile(*PRO_PHOTO_XY, gamma=1.8)))


def _others() -> Iterator[tuple[str, bytes]]:
    for code in PRIMARIES:
        yield f"nclx primaries {code}", an_avif(lattice(), code, 13)
    for code in TRANSFERS:
        yield f"nclx transfer {code}", an_avif(ramp(), 1, code)
    for bits in (10, 12):
        for code in (8, 13, 16, 18):
            yield f"nclx 9, {code}, {bits} bits", an_avif(widened(lattice(), bits), 9, code, bits=bits)
        yield f"alpha, {bits} bits", an_avif(widened(ramp(4), bits), 1, 8, bits=bits)
    gray = Image.fromarray(ramp()[..., 0])
    yield "AVIF of gray", with_nclx(encoded(gray, "AVIF", quality=100, subsampling="4:0:0"), 1, 8)
    photo = {"quality": 100, "subsampling": "4:4:4", "icc_profile": adobe_rgb()}
    colors = Image.fromarray(np.kron(lattice(), np.ones((8, 8, 1), np.uint8)))
    yield "prof before nclx", with_nclx(encoded(Image.fromarray(ramp()), "AVIF", **photo), 12, 8)
    exif = Image.Exif()
    exif[0x8769] = {0xA001: 65535, 0xA005: {1: "R03"}}  # Adobe RGB by DCF, which browsers ignore
    yield "JPEG of R03", encoded(colors, "JPEG", quality=100, subsampling=0, exif=exif)
    yield "WebP of gray's profile", encoded(colors, "WEBP", lossless=True, icc_profile=a_gray_profile(gamma=1.0))
    for mode in ("L", "RGB"):
        for name, profile in (("gray", a_gray_profile(gamma=1.0)), ("RGB", a_profile(*SRGB_XY, gamma=1.0))):
            tones = gray.resize((128, 128), Image.Resampling.NEAREST).convert(mode)
            yield f"JPEG in {mode}, {name} profile", encoded(tones, "JPEG", quality=100, icc_profile=profile)


@pytest.fixture(scope="module")
def files() -> Mapping[str, bytes]:
    return dict([*_pngs(), *_others()])


@pytest.fixture(scope="module")
def shown(browser: Browser, files: Mapping[str, bytes]) -> Mapping[str, NDArray[np.uint8]]:
    """The pixels that Chromium shows of the files, all in one page."""
    page = browser.new_page()
    sources = []
    for data in files.values():
        with opened_picture(data) as picture:
            sources.append([picture.format.media_type, base64.b64encode(data).decode()])
    answers = page.evaluate(SHOW, sources)
    page.close()
    return {
        name: np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(height, width, 4)
        for name, (width, height, pixels) in zip(files, answers, strict=True)
    }


def test_every_file_looks_as_in_chromium(files: Mapping[str, bytes], shown: Mapping[str, NDArray[np.uint8]]) -> None:
    gaps = {}
    for name, data in files.items():
        with opened_picture(data) as picture:
            ours = np.asarray(picture.decode().srgb().convert("RGBA"), int)
        gaps[name] = int(np.abs(ours - shown[name]).max())
    assert {name: gap for name, gap in gaps.items() if gap > GAP_MAX} == {}
