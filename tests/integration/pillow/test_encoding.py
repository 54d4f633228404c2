"""Encoding: an engine's pixels are encoded once, in the ordered format, with the original's resolution.

Files are read by libvips, which shares neither code nor decoders with what writes them.
"""

import io
from typing import BinaryIO

import numpy as np
import pytest
import pyvips
from attrs import frozen
from PIL import Image

from pictures import encoded as saved
from pictures import photograph
from spike_core.domain.catalog import Catalog, Offer
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.images import MetadataPolicy
from spike_core.domain.objects import PictureFormat
from spike_core.domain.render_options import DEFAULT_OPTIONS, OUTPUT_FORMATS, RenderOptions
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import NO_TOKENS
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage, Upscaler
from spike_core.services.direct_enhancement import DirectEnhancement
from spike_core.services.pricing import Pricing
from spike_imaging.encoding import encoded
from spike_imaging.resolution import resolution_of
from spike_pillow import PillowMetadata, PillowProbe, PillowUpscaler
from spike_runtime.offline import Offline

LOSSLESS = [RenderOptions(format=PictureFormat.PNG), RenderOptions(format=PictureFormat.WEBP, quality=100)]
SMALL = Catalog([Offer(tier=Tier.FREE, longest_side_px=450, price=NO_TOKENS)])
CAMERA = Image.Exif()
CAMERA[0x010F], CAMERA[0x013B] = "Nikon", "Ada"


@frozen
class Known(Upscaler):
    """An engine whose pixels are known: a plain enlargement."""

    def enhance(
        self,
        original: BinaryIO,
        *,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
        monitor: ProgressMonitor = UNMONITORED,
    ) -> RenderedImage:
        monitor.report(1.0)
        return encoded(pixels_of(original, size), options=options)


def pixels_of(original: BinaryIO, size: Dimensions) -> Image.Image:
    with Image.open(original) as picture:
        return picture.convert("RGB").resize((size.width_px, size.height_px), Image.Resampling.LANCZOS)


def offline(upscaler: Upscaler) -> Offline:
    return Offline(
        enhancement=DirectEnhancement(probe=PillowProbe(), upscaler=upscaler, catalog=SMALL),
        metadata=PillowMetadata(),
        labels=MetadataPolicy.KEEP,
        pricing=Pricing(),
    )


def a_scene(mode: str) -> Image.Image:
    """Return noise over a gradient, in which no encoder finds a shortcut; hidden colors have noise, too."""
    rng = np.random.default_rng(5)
    values = np.linspace(0, 255, 97)[None, :, None] + rng.normal(0, 60, (61, 97, len(mode)))
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8), mode)


def read(content: bytes) -> np.ndarray:
    return np.asarray(pyvips.Image.new_from_buffer(content, "").numpy())


@pytest.mark.parametrize("options", LOSSLESS, ids=lambda options: options.format.value)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_png_and_a_lossless_webp_have_the_engines_own_pixels(options: RenderOptions, mode: str) -> None:
    scene = a_scene(mode)
    made = encoded(scene.copy(), options=options)
    assert np.array_equal(read(made.content), np.asarray(scene))


@pytest.mark.parametrize("options", LOSSLESS, ids=lambda options: options.format.value)
def test_what_the_command_writes_has_the_engines_own_pixels_with_metadata_too(options: RenderOptions) -> None:
    original = saved(photograph(size=(300, 200)), exif=CAMERA)
    made = offline(Known()).enhanced(original, Tier.FREE, options=options)
    expected = pixels_of(io.BytesIO(original), SMALL[Tier.FREE].output_size(Dimensions(width_px=300, height_px=200)))
    assert np.array_equal(read(made.content), np.asarray(expected))
    with Image.open(io.BytesIO(made.content)) as picture:
        assert picture.getexif()[0x010F] == "Nikon"


@pytest.mark.parametrize("format_", OUTPUT_FORMATS)
@pytest.mark.parametrize("has_metadata", [False, True], ids=["plain", "metadata"])
def test_the_resolution_of_the_original_is_kept(format_: PictureFormat, has_metadata: bool) -> None:
    original = saved(photograph(size=(300, 200)), dpi=(300, 300), **({"exif": CAMERA} if has_metadata else {}))
    made = offline(PillowUpscaler()).enhanced(original, Tier.FREE, options=RenderOptions(format=format_))
    assert resolution_of(made.content) == pytest.approx((300, 300), abs=0.02)
    if format_ in {PictureFormat.JPEG, PictureFormat.PNG}:  # libvips reads the other formats' from nowhere
        assert pyvips.Image.new_from_buffer(made.content, "").xres * 25.4 == pytest.approx(300, abs=0.02)


@pytest.mark.parametrize("original", ["PNG", "TIFF", "WEBP"])
def test_the_resolution_is_read_from_every_format_and_none_is_made_up(original: str) -> None:
    picture = photograph(size=(60, 40))
    assert resolution_of(saved(picture, original)) is None
    exif = Image.Exif()
    exif[0x011A], exif[0x011B], exif[0x0128] = 118.11, 118.11, 3  # per centimeter
    given = {"exif": exif} if original == "WEBP" else {"dpi": (300, 300)}
    assert resolution_of(saved(picture, original, **given)) == pytest.approx((300, 300), abs=0.1)


@pytest.mark.parametrize("data", [b"", b"junk", b"\x89PNG\r\n\x1a\n", b"II*\0"])
def test_a_file_that_cannot_be_read_has_no_resolution(data: bytes) -> None:
    assert resolution_of(data) is None


def test_what_is_transparent_is_white_in_an_ordered_jpeg_and_transparent_otherwise() -> None:
    picture = photograph(size=(300, 200)).convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 150, 200))
    original = saved(picture, PictureFormat.PNG)
    jpeg = offline(PillowUpscaler()).enhanced(original, Tier.FREE, options=RenderOptions(format=PictureFormat.JPEG))
    assert read(jpeg.content)[:, :200].min() > 250
    for format_ in (None, PictureFormat.WEBP, PictureFormat.AVIF):
        made = offline(PillowUpscaler()).enhanced(original, Tier.FREE, options=RenderOptions(format=format_))
        with Image.open(io.BytesIO(made.content)) as shown:
            assert shown.convert("RGBA").getpixel((10, 10))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize("format_", [PictureFormat.JPEG, PictureFormat.WEBP, PictureFormat.AVIF])
def test_a_lower_quality_makes_a_smaller_file(format_: PictureFormat) -> None:
    picture = photograph(size=(300, 200))
    low, usual = (len(encoded(picture.copy(), options=RenderOptions(format=format_, quality=each)).content)
                  for each in (30, None))  # fmt: skip
    assert low < usual / 2
