"""The measure by which tests and benchmarks judge enhanced graphics."""

import pytest
from PIL import Image

from faithfulness import broken, off
from graphics import HARDEST
from pictures import decoded, encoded, photograph

LANCZOS = Image.Resampling.LANCZOS


@pytest.mark.parametrize("factor", [1.6, 2, 2.8, 4])
def test_lanczos_breaks_nothing_of_a_photograph(factor: float) -> None:
    """Nor compared with the original alone."""
    photo = photograph(size=(160, 120))
    enlarged = photo.resize((round(160 * factor), round(120 * factor)), LANCZOS)
    assert (broken(enlarged, photo).share, off(enlarged, photo).share) == (0, 0)


def test_a_burst_of_few_pixels_is_seen() -> None:
    """Its share of the picture is allowed, but not its share of a block."""
    photo = photograph(size=(320, 240))
    enlarged = photo.resize((640, 480), LANCZOS)
    enlarged.paste((0, 255, 0), (100, 100, 116, 116))
    found = broken(enlarged, photo)
    assert not found.is_kept
    assert (found.share, found.block_share) == pytest.approx((64 / (320 * 240), 64 / 1024))


def test_contrast_that_resampling_loses_too_is_not_broken() -> None:
    """A checkerboard of single pixels, enlarged by a non-integer factor."""
    board = Image.new("1", (64, 64))
    board.putdata([(index % 64 + index // 64) % 2 for index in range(64 * 64)])
    enlarged = board.convert("L").resize((102, 102), LANCZOS)
    assert off(enlarged, board).share > 0.1
    assert broken(enlarged, board).share == 0


def test_transparency_that_is_lost_is_seen() -> None:
    logo = HARDEST["logo with alpha"].picture
    assert not broken(logo.convert("RGB"), logo).is_kept


def test_what_compression_took_may_come_back() -> None:
    """Halved chroma bleeds; the picture before compression is an acceptable result."""
    truth = HARDEST["text 12 red on blue"].picture
    jpeg = decoded(encoded(truth, quality=80, subsampling="4:2:0"))
    assert not broken(truth, jpeg).is_kept
    assert broken(truth, jpeg, truth).is_kept


def test_a_fraction_of_a_pixel_counts_as_a_fraction() -> None:
    """Of 5 pixels, reduced to 2, each has two and a half."""
    rows = Image.new("L", (2, 1))
    rows.putdata([(10 + 10 + 110 / 2) / 2.5, (110 / 2 + 210 + 210) / 2.5])
    enlarged = Image.new("L", (5, 1))
    enlarged.putdata([10, 10, 110, 210, 210])
    assert off(enlarged, rows).largest == pytest.approx(0, abs=0.01)
