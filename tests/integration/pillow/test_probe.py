"""The probe on real photographs."""

import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest
from PIL import Image

from effort import each_value_once
from pictures import (
    BMP_HEADER,
    HTML,
    JUNK,
    PHOTOGRAPHS,
    a_gif_that_announces,
    a_jpeg_that_announces,
    a_phone_picture,
    a_photo,
    a_png_that_announces,
    a_tiff_of_numbers,
    a_tiff_with_one_tile,
    a_webp_that_announces,
    an_animation,
    encoded,
    exif,
    photograph,
    truncated,
)
from spike_contracts.probe import MakePicture, ProbeContract
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import (
    AnimatedPicture,
    MultiplePages,
    TooManyPixels,
    UndecodablePicture,
    UnknownPictureFormat,
    UnsupportedPicture,
)
from spike_core.domain.images import PictureFacts
from spike_core.domain.objects import PictureFormat
from spike_core.ports.probe import ImageProbe
from spike_pillow import PillowProbe

pytestmark = each_value_once

# as in production, where Pillow's warnings are no errors
PILLOW_WARNS: Final = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def inspect(data: bytes) -> PictureFacts:
    return PillowProbe().inspect(io.BytesIO(data))


class TestPillowProbe(ProbeContract):
    @pytest.fixture
    def probe(self) -> ImageProbe:
        return PillowProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_photo


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_photographs_are_not_blank_and_have_their_size(name: str) -> None:
    picture = photograph(name)
    size = Dimensions(width_px=picture.width, height_px=picture.height)
    facts = inspect(encoded(picture))
    assert (facts.format, facts.dimensions) == (PictureFormat.JPEG, size)
    assert not facts.is_blank


@pytest.mark.parametrize("format_", [PictureFormat.JPEG, PictureFormat.PNG, PictureFormat.WEBP, PictureFormat.AVIF])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_is_as_seen(format_: PictureFormat, orientation: int) -> None:
    data = encoded(photograph(size=(160, 90)), format_, exif=exif(orientation=orientation))
    seen = (160, 90) if orientation < 5 else (90, 160)
    facts = inspect(data)
    assert (facts.dimensions.width_px, facts.dimensions.height_px) == seen


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_the_size_of_a_tiff_is_as_seen(compression: str, orientation: int) -> None:
    data = encoded(
        photograph(size=(160, 90)), PictureFormat.TIFF, compression=compression, tiffinfo={0x0112: orientation}
    )
    seen = (160, 90) if orientation < 5 else (90, 160)
    facts = inspect(data)
    assert (facts.dimensions.width_px, facts.dimensions.height_px) == seen


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_orientation_that_does_not_exist_turns_nothing(orientation: int) -> None:
    facts = inspect(encoded(photograph(size=(160, 90)), exif=exif(orientation=orientation)))
    assert facts.dimensions == Dimensions(width_px=160, height_px=90)


def test_broken_metadata_do_not_refuse_a_picture() -> None:
    facts = inspect(encoded(photograph(size=(160, 90)), PictureFormat.PNG, exif=b"Exif\0\0II*\0junk"))
    assert facts.dimensions == Dimensions(width_px=160, height_px=90)


def test_a_phone_picture_with_a_second_one_behind_it_is_a_jpeg() -> None:
    data = a_phone_picture(size=(320, 240))
    with Image.open(io.BytesIO(data)) as picture:
        assert getattr(picture, "n_frames", 1) == 2, "the picture isn't what this test is about"
    facts = inspect(data)
    assert (facts.format, facts.dimensions) == (PictureFormat.JPEG, Dimensions(width_px=320, height_px=240))
    assert not facts.is_blank


@pytest.mark.parametrize("format_", [PictureFormat.GIF, PictureFormat.PNG, PictureFormat.WEBP, PictureFormat.AVIF])
def test_animations_are_refused(format_: PictureFormat) -> None:
    with pytest.raises(AnimatedPicture):
        inspect(an_animation(format_))


def test_a_tiff_of_two_pages_is_refused() -> None:
    with pytest.raises(MultiplePages) as refusal:
        inspect(an_animation(PictureFormat.TIFF))
    assert refusal.value.pages == 2


@pytest.mark.parametrize("data", [HTML, JUNK, BMP_HEADER], ids=["HTML", "junk", "BMP without a header"])
def test_what_is_not_allowed_is_no_known_format(data: bytes) -> None:
    with pytest.raises(UnknownPictureFormat):
        inspect(data)


def test_a_format_that_the_host_has_registered_is_not_supported() -> None:
    """The allow-list is Spike's own: Pillow reads BMP, and many more formats."""
    with pytest.raises(UnsupportedPicture, match="BMP"):
        inspect(encoded(photograph(size=(64, 48)), "BMP"))


@PILLOW_WARNS
@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("format_", PictureFormat)
def test_a_truncated_picture_is_refused_wherever_it_ends(format_: PictureFormat, share: float) -> None:
    with pytest.raises(UndecodablePicture):
        inspect(truncated(encoded(photograph(size=(400, 300)), format_), share=share))


@pytest.mark.parametrize("options", [{"progressive": True}, {"restart_marker_rows": 1}, {"subsampling": 0}])
@pytest.mark.parametrize("missing_bytes", [9, 50, 500, 10_000])
def test_a_jpeg_is_read_to_its_end(options: dict[str, int], missing_bytes: int) -> None:
    """It is decoded at an eighth of its size, which still reads the whole file."""
    data = encoded(photograph(size=(600, 400)), **options)
    assert not inspect(data).is_blank
    with pytest.raises(UndecodablePicture):
        inspect(data[:-missing_bytes])


@pytest.mark.parametrize(
    "a_file",
    [
        lambda: a_png_that_announces(50_001, 1_000),
        lambda: a_png_that_announces(2**31 - 1, 2**31 - 1),
        lambda: a_jpeg_that_announces(65_500, 65_500),
        lambda: a_jpeg_that_announces(7_072, 7_072),
        lambda: a_gif_that_announces(65_535, 65_535),
        lambda: a_gif_that_announces(9_000, 9_000),
        lambda: a_webp_that_announces(16_383, 16_383),
        lambda: a_tiff_with_one_tile(9_000, 9_000),
        lambda: a_tiff_with_one_tile(60_000, 60_000),
    ],
    ids=["PNG", "huge PNG", "huge JPEG", "JPEG", "huge GIF", "GIF", "WebP", "TIFF tile", "huge TIFF tile"],
)
def test_a_small_file_that_announces_too_much_is_refused(a_file: Callable[[], bytes]) -> None:
    data = a_file()
    assert len(data) < 5_000
    with pytest.raises(TooManyPixels) as refusal:
        inspect(data)
    assert refusal.value.pixels > refusal.value.pixels_max


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("format_", [PictureFormat.PNG])
def test_blankness_is_told_in_every_mode(format_: PictureFormat, mode: str) -> None:
    blank = Image.new(mode, (300, 200))
    busy = photograph(size=(300, 200)).convert(mode) if mode != "I;16" else _deep()
    assert inspect(encoded(blank, format_)).is_blank
    assert not inspect(encoded(busy, format_)).is_blank


def test_a_picture_that_differs_in_hue_alone_is_not_blank() -> None:
    picture = Image.new("RGB", (64, 64), (200, 60, 60))
    picture.paste((60, 129, 60), (0, 0, 32, 64))  # the same luma
    assert not inspect(encoded(picture)).is_blank


def test_a_picture_that_is_wholly_transparent_is_blank() -> None:
    picture = photograph(size=(64, 48)).convert("RGBA")
    picture.putalpha(0)
    assert inspect(encoded(picture, PictureFormat.PNG)).is_blank


def test_a_tiff_of_real_numbers_is_judged_in_the_range_of_0_to_1() -> None:
    seen = a_tiff_of_numbers("F", [0.1 + n / 100 for n in range(12)], size=(4, 3))
    assert not inspect(seen).is_blank
    assert inspect(a_tiff_of_numbers("F", [0.5] * 12, size=(4, 3))).is_blank


class GatedContent(io.BytesIO):
    """Counts concurrent readers, and continues when as many as allowed have entered."""

    inside = 0
    most = 0
    lock = threading.Lock()

    def __init__(self, data: bytes, gate: threading.Barrier) -> None:
        super().__init__(data)
        self.gate = gate

    def read(self, size: int | None = -1, /) -> bytes:
        with self.lock:
            GatedContent.inside += 1
            GatedContent.most = max(GatedContent.most, GatedContent.inside)
        self.gate.wait(timeout=60)
        with self.lock:
            GatedContent.inside -= 1
        return super().read(size)


def test_no_more_are_decoded_at_once_than_allowed() -> None:
    """Three may enter and three must, or the gate times out; the other three wait until those are done."""
    probe = PillowProbe(decodes_at_once=3)
    gate = threading.Barrier(3)
    contents = [GatedContent(encoded(photograph(size=(64, 48))), gate) for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        facts = list(threads.map(probe.inspect, contents))
    assert len(facts) == 6
    assert GatedContent.most == 3


def test_a_refused_picture_gives_its_turn_back() -> None:
    probe = PillowProbe(decodes_at_once=1)
    for _ in range(3):
        with pytest.raises(UnknownPictureFormat):
            probe.inspect(io.BytesIO(JUNK))
    assert probe.inspect(io.BytesIO(encoded(photograph(size=(64, 48))))).format is PictureFormat.JPEG


def _deep() -> Image.Image:
    picture = Image.new("I;16", (300, 200))
    picture.paste(65_535, (0, 0, 100, 100))
    return picture
