"""The neural engine on real pictures: quality, all kinds of files, cancellation and progress."""

import io
import math
import re

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageStat

from effort import each_value_once
from pictures import a_photo, decoded, encoded, exif, photograph
from spike_contracts.probe import MakePicture
from spike_contracts.upscaler import Listener, UpscalerContract
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UpscalerUnavailable, WorkAbandoned
from spike_core.domain.objects import PictureFormat
from spike_core.domain.tiers import Tier
from spike_core.ports.factories import EngineResources
from spike_core.ports.probe import ImageProbe
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage, Upscaler
from spike_ncnn import open_engine
from spike_ncnn.runner import Runner
from spike_ncnn.tiled_enlargement import Enlarger
from spike_ncnn.upscaler import NcnnUpscaler
from spike_pillow import PillowProbe, PillowUpscaler, classical_engine

pytestmark = each_value_once

ENGINE = open_engine(means=EngineResources(cores=2, classical=classical_engine))
LANCZOS = Image.Resampling.LANCZOS
BICUBIC = Image.Resampling.BICUBIC


class TestNcnnUpscaler(UpscalerContract):
    @pytest.mark.parametrize("tier", [Tier.TIER_1K, Tier.TIER_4K])
    @pytest.mark.parametrize(
        "original", [Dimensions(width_px=160, height_px=107), Dimensions(width_px=96, height_px=64)], ids=str
    )
    def test_the_result_is_what_was_ordered(
        self, upscaler: Upscaler, make_picture: MakePicture, probe: ImageProbe, tier: Tier, original: Dimensions
    ) -> None:
        """The contract's check at sizes that networks process in seconds."""
        size = SPECIFIED[tier].output_size(original)
        picture = upscaler.enhance(io.BytesIO(make_picture(original)), size=size)
        facts = probe.inspect(io.BytesIO(picture.content))
        assert (facts.format, facts.dimensions, facts.is_blank) == (PictureFormat.JPEG, size, False)
        assert (picture.format, picture.dimensions) == (facts.format, size)

    @pytest.fixture
    def upscaler(self) -> Upscaler:
        return ENGINE.upscaler

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return PillowProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_photo


def enhance(data: bytes, size: tuple[int, int], *, monitor: ProgressMonitor = UNMONITORED) -> RenderedImage:
    dimensions = Dimensions(width_px=size[0], height_px=size[1])
    return ENGINE.upscaler.enhance(io.BytesIO(data), size=dimensions, monitor=monitor)


def psnr_db(first: Image.Image, second: Image.Image) -> float:
    squares = ImageStat.Stat(ImageChops.difference(first.convert("RGB"), second.convert("RGB"))).sum2
    return 10 * math.log10(255**2 * first.width * first.height * 3 / sum(squares))


def cut(name: str, side_px: int = 128) -> Image.Image:
    """Return the unchanged center of a photograph."""
    whole = photograph(name)
    left, top = (whole.width - side_px) // 2, (whole.height - side_px) // 2
    return whole.crop((left, top, left + side_px, top + side_px))


def gain_db(name: str, *, factor: int, damaged: str = "") -> float:
    """Return the gain in PSNR over Lanczos of a reduced photograph."""
    original = cut(name)
    small = original.resize((original.width // factor, original.height // factor), BICUBIC)
    if damaged == "noise":
        noise = np.random.default_rng(7).normal(0, 8, (small.height, small.width, 3))
        small = Image.fromarray(np.clip(np.asarray(small) + noise + 0.5, 0, 255).astype(np.uint8))
    data = encoded(small, quality=50) if damaged == "compression" else encoded(small, PictureFormat.PNG)
    result = decoded(enhance(data, original.size).content)
    return psnr_db(result, original) - psnr_db(decoded(data).resize(original.size, LANCZOS), original)


@pytest.mark.parametrize(
    ("name", "factor", "damaged", "least_db"),
    [
        ("astronaut.png", 2, "", 2.0),
        ("coffee.png", 2, "", 1.5),
        ("motorcycle_left.png", 4, "", 0.7),
        ("chelsea.png", 2, "compression", 0.3),
        ("astronaut.png", 2, "noise", 1.0),
    ],
)
def test_what_was_reduced_comes_back_better_than_by_lanczos(
    name: str, factor: int, damaged: str, least_db: float
) -> None:
    """A floor well below what the bench measures; see docs/reference/engine.md."""
    assert gain_db(name, factor=factor, damaged=damaged) > least_db


def kinds() -> dict[str, tuple[bytes, Image.Image]]:
    """Return pictures of every kind, encoded, with their pixels in RGB or RGBA."""
    color = photograph(size=(48, 40))
    gray = color.convert("L")
    palette = color.quantize(64)
    bilevel = gray.convert("1")
    cmyk = color.convert("CMYK")
    deep = Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)
    return {
        "grey": (encoded(gray, PictureFormat.PNG), gray.convert("RGB")),
        "16 bits": (encoded(deep, PictureFormat.PNG), gray.convert("RGB")),
        "palette": (encoded(palette, PictureFormat.PNG), palette.convert("RGB")),
        "black and white": (encoded(bilevel, PictureFormat.PNG), bilevel.convert("RGB")),
        "CMYK": (encoded(cmyk, quality=98), cmyk.convert("RGB")),
    }


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_of_pixels_comes_out_right(kind: str) -> None:
    data, look = kinds()[kind]
    result = decoded(enhance(data, (96, 80)).content)
    assert (result.mode, result.size) == ("RGB", (96, 80))
    assert psnr_db(result.resize(look.size, Image.Resampling.BOX), look) > (15 if kind == "black and white" else 27)


@pytest.mark.parametrize("kind", ["grey", "16 bits", "black and white"])
def test_grey_stays_gray(kind: str) -> None:
    red, green, blue = decoded(enhance(kinds()[kind][0], (96, 80)).content).split()
    for one, other in ((red, green), (green, blue)):
        assert max(ImageStat.Stat(ImageChops.difference(one, other)).mean) <= 1


def test_a_picture_is_turned_upright_once() -> None:
    lying = photograph(size=(60, 40))
    picture = enhance(encoded(lying, quality=98, exif=exif(orientation=6)), (80, 120))
    result = decoded(picture.content)
    upright = lying.transpose(Image.Transpose.ROTATE_270)
    assert psnr_db(result.resize(upright.size, Image.Resampling.BOX), upright) > 27
    assert b"SecretCamera" not in picture.content


@pytest.mark.parametrize("level", [255, 128, 0])
def test_transparency_comes_without_fringes(level: int) -> None:
    """Hidden colors must neither darken nor lighten visible edges."""
    original = Image.new("RGBA", (64, 64), (255 - level, 0, 0, 0))
    original.paste((level, level, level, 255), (16, 16, 48, 48))
    picture = enhance(encoded(original, PictureFormat.PNG), (128, 128))
    result = decoded(picture.content)
    assert (picture.format, result.mode) == (PictureFormat.PNG, "RGBA")
    assert ImageStat.Stat(result.getchannel("A").crop((0, 0, 8, 8))).mean == [0]
    visible = result.getchannel("A").point(lambda alpha: 255 if alpha > 32 else 0)
    for low, high in ImageStat.Stat(result.convert("RGB"), visible).extrema:
        assert level - 36 <= low <= high <= level + 36


def nearly_hidden(color: tuple[int, int, int], *, alpha_max: int) -> Image.Image:
    """Return a shape of one color, surrounded by random colors under an alpha of 1 to `alpha_max`."""
    chance = np.random.default_rng(4)
    around = chance.integers(0, 256, (64, 64, 4))
    around[..., 3] = chance.integers(1, alpha_max + 1, (64, 64)) if alpha_max else 0
    original = Image.fromarray(around.astype(np.uint8))
    original.paste((*color, 255), (16, 16, 48, 48))
    return original


def on(ground: str, picture: Image.Image) -> NDArray[np.float64]:
    """Return a picture composited on a background."""
    under = Image.new("RGBA", picture.size, ground)
    return np.asarray(Image.alpha_composite(under, picture).convert("RGB")).astype(np.float64)


@pytest.mark.parametrize("engine", [ENGINE.upscaler, PillowUpscaler()], ids=["neural", "classical"])
@pytest.mark.parametrize("color", [(250, 250, 250), (0, 0, 0), (20, 90, 200)])
@pytest.mark.parametrize("factor", [2, 4])
def test_colors_under_alpha_of_1_to_3_do_not_bleed(engine: Upscaler, color: tuple[int, int, int], factor: int) -> None:
    """Lossy encoders leave arbitrary colors there; the visible result is as if they were hidden."""
    size = Dimensions(width_px=64 * factor, height_px=64 * factor)
    seen, clean = (
        decoded(
            engine.enhance(
                io.BytesIO(encoded(nearly_hidden(color, alpha_max=most), PictureFormat.PNG)), size=size
            ).content
        )
        for most in (3, 0)
    )
    for ground in ("black", "white"):
        assert np.abs(on(ground, seen) - on(ground, clean)).max() <= 8
    inner = [
        np.asarray(each)[17 * factor : 47 * factor, 17 * factor : 47 * factor].astype(int) for each in (seen, clean)
    ]
    assert np.abs(inner[0] - inner[1]).max() <= 3


@pytest.mark.parametrize("engine", [ENGINE.upscaler, PillowUpscaler()], ids=["neural", "classical"])
def test_a_soft_shadow_stays_as_it_is(engine: Upscaler) -> None:
    """Black, under alpha of 0 to 60, beside a white shape."""
    down, across = np.mgrid[0:64, 0:64]
    distance = np.hypot(np.maximum(np.abs(down - 36) - 14, 0), np.maximum(np.abs(across - 36) - 14, 0))
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[..., 3] = np.clip(60 - 4 * distance, 0, 60)
    pixels[16:48, 16:48] = 255
    original = Image.fromarray(pixels)
    picture = engine.enhance(
        io.BytesIO(encoded(original, PictureFormat.PNG)), size=Dimensions(width_px=128, height_px=128)
    )
    shadow = np.ones((128, 128), bool)
    shadow[28:100, 28:100] = False
    expected = on("white", original.resize((128, 128), LANCZOS))
    assert np.abs(on("white", decoded(picture.content)) - expected)[shadow].max() <= 3


def test_progress_comes_tile_by_tile_and_ends_whole() -> None:
    small = Enlarger(runner=Runner(threads=1), memory_bytes=1)
    listener = Listener()
    upscaler = NcnnUpscaler(enlarger=small, otherwise=PillowUpscaler(), probe=PillowProbe())
    size = Dimensions(width_px=160, height_px=120)
    upscaler.enhance(io.BytesIO(encoded(photograph(size=(80, 60)))), size=size, monitor=listener)
    assert len(listener.reports) == 1 + 6
    assert listener.reports[-1] == 1.0


def test_abandoned_work_stops_at_the_next_tile() -> None:
    small = Enlarger(runner=Runner(threads=1), memory_bytes=1)
    listener = Listener(gives_up_at=3)
    upscaler = NcnnUpscaler(enlarger=small, otherwise=PillowUpscaler(), probe=PillowProbe())
    with pytest.raises(WorkAbandoned):
        upscaler.enhance(
            io.BytesIO(encoded(photograph(size=(80, 60)))),
            size=Dimensions(width_px=160, height_px=120),
            monitor=listener,
        )
    assert len(listener.reports) == 3


def test_a_picture_that_does_not_grow_is_left_to_the_other_engine() -> None:
    data = encoded(photograph(size=(200, 150)))
    size = Dimensions(width_px=100, height_px=75)
    assert enhance(data, (100, 75)) == PillowUpscaler().enhance(io.BytesIO(data), size=size)


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("missing", ["span", "waifu2x"])
def test_one_family_of_networks_serves_alone(missing: str, factor: int) -> None:
    """Their packages have different licenses, and users may omit one: docs/decisions/0025."""
    runner = Runner(threads=2)
    left = frozenset(name for name in Enlarger(runner=runner, memory_bytes=1).available if not name.startswith(missing))
    upscaler = NcnnUpscaler(
        enlarger=Enlarger(runner=runner, memory_bytes=2**28, available=left),
        otherwise=PillowUpscaler(),
        probe=PillowProbe(),
    )
    original = photograph(size=(48, 40))
    size = Dimensions(width_px=48 * factor, height_px=40 * factor)
    picture = upscaler.enhance(io.BytesIO(encoded(original, quality=60)), size=size)
    assert missing not in picture.method.partition(";")[0]
    assert psnr_db(decoded(picture.content).resize(original.size, Image.Resampling.BOX), original) > 24


def test_the_method_tells_networks_and_what_was_measured() -> None:
    method = enhance(encoded(photograph(size=(64, 48)), quality=40), (128, 96)).method
    assert re.search(r"JPEG quality about (3[5-9]|4[0-5])\b", method)
    assert "noise" in method
    assert any(name in method for name in ("span", "waifu2x"))


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_the_method_tells_what_was_worked_again(factor: int) -> None:
    logo = Image.new("RGB", (64, 48), "red")
    ImageDraw.Draw(logo).ellipse((8, 8, 40, 40), fill="blue", outline="yellow")
    picture = enhance(encoded(logo, PictureFormat.PNG), (64 * factor, 48 * factor))
    networks, reworked, edges, degradation = picture.method.split("; ")
    again = reworked.partition(" and then ")[0]
    assert "span" in networks
    assert re.fullmatch(r"\d+\.\d % at contrast 0\.4(, \d+\.\d % (at contrast 0\.2|by \w+))*", again)
    assert edges == "edges with half lanczos"
    assert degradation.startswith("no JPEG traces")
    assert psnr_db(decoded(picture.content).resize(logo.size, Image.Resampling.BOX), logo) > 24


def test_what_fails_in_either_of_two_passes_is_worked_again_and_told() -> None:
    """Without SPAN, a picture is enlarged by two in two passes."""
    left = frozenset({"waifu2x", "waifu2x-0"})
    upscaler = NcnnUpscaler(
        enlarger=Enlarger(runner=Runner(threads=2), memory_bytes=1, available=left),
        otherwise=PillowUpscaler(),
        probe=PillowProbe(),
    )
    blocks = np.random.default_rng(1).integers(0, 2, (16, 16, 3)).astype(np.uint8) * 255
    data = encoded(Image.fromarray(blocks.repeat(3, axis=0).repeat(3, axis=1)), PictureFormat.PNG)
    listener = Listener()
    picture = upscaler.enhance(io.BytesIO(data), size=Dimensions(width_px=192, height_px=192), monitor=listener)
    first, _, second = picture.method.split("; ")[1].partition(" and then ")
    assert first.count("at contrast 0.4") == second.count("at contrast 0.4") == 1
    assert listener.reports == sorted(listener.reports)
    assert listener.reports[-1] == 1.0


def test_the_same_picture_twice_gives_the_same_bytes() -> None:
    data = encoded(photograph(size=(64, 48)))
    assert enhance(data, (128, 96)) == enhance(data, (128, 96))


def test_too_little_memory_may_be_otherwise_next_time() -> None:
    """No machine has enough memory for a row of so many pixels."""
    with pytest.raises(UpscalerUnavailable):
        enhance(encoded(photograph(size=(64, 48))), (600_000_000, 1))
