"""Comparisons of before and after, which `spike enhance` writes beside the engine's results."""

import io

import pytest
from PIL import Image, ImageChops, ImageStat

from pictures import decoded, encoded, exif, photograph
from spike_imaging.comparison import before_and_after

SIZE = (240, 160)


def gap(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of two pictures of one size, of 255."""
    return max(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean)


@pytest.mark.parametrize(("size", "sheet"), [((600, 400), (600, 806)), ((400, 600), (806, 600))])
def test_both_stand_on_one_sheet_in_the_same_size(size: tuple[int, int], sheet: tuple[int, int]) -> None:
    after = photograph(size=size)
    before = after.resize((size[0] // 4, size[1] // 4))
    compared = decoded(before_and_after(encoded(before, "PNG"), encoded(after, "PNG")))
    assert (compared.size, compared.format) == (sheet, "JPEG")
    second = compared.crop((sheet[0] - size[0], sheet[1] - size[1], *sheet))
    upper = (0, 0, size[0], size[1] // 2)  # the labels are below
    assert gap(compared.crop(upper), before.resize(size, Image.Resampling.BICUBIC).crop(upper)) < 1.5
    assert gap(second.crop(upper), after.crop(upper)) < 1.5


def test_a_picture_from_before_is_shown_upright() -> None:
    before = photograph(size=(160, 100))
    after = before.transpose(Image.Transpose.ROTATE_270)
    turned = encoded(before, exif=exif(orientation=6), quality=95)
    compared = decoded(before_and_after(turned, encoded(after, "PNG")))
    assert gap(compared.crop((0, 0, 100, 80)), after.crop((0, 0, 100, 80))) < 5


def test_each_has_its_label_where_there_is_room() -> None:
    gray = Image.new("RGB", (800, 800), (128, 128, 128))
    compared = decoded(before_and_after(encoded(gray, "PNG"), encoded(gray, "PNG")))
    for left in (0, 808):
        label = compared.crop((left, 720, left + 400, 800))
        low, high = label.convert("L").getextrema()
        assert isinstance(low, int)
        assert isinstance(high, int)
        assert low < 90
        assert high > 230


def test_a_picture_without_room_for_labels_is_compared_all_the_same() -> None:
    tiny = encoded(photograph(size=(3, 2)), "PNG")
    with Image.open(io.BytesIO(before_and_after(tiny, tiny))) as compared:
        assert compared.size == (3, 6)
