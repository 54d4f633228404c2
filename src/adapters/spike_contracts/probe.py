"""Laws every ImageProbe keeps."""

import contextlib
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import pytest

from spike_core.domain.catalog import RESULT_PIXELS_MAX
from spike_core.domain.color_grid import Color
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import (
    AnimatedPicture,
    EmptyFile,
    MultiplePages,
    TooManyPixels,
    UnacceptablePicture,
    UndecodablePicture,
    UnknownPictureFormat,
)
from spike_core.domain.limits import PICTURE_PIXELS_MAX
from spike_core.domain.objects import PictureFormat
from spike_core.ports.probe import ImageProbe

LANDSCAPE = Dimensions(width_px=160, height_px=90)


class MakePicture(Protocol):
    """Makes an encoded picture.

    The flaw is empty, `blank`, `animated`, `corrupt`, `dark`, `tinted`, `half`, or `burst`: noise in one place, which
    the mean colors of a picture's parts don't reveal. An animated TIFF has two pages.

    Three more are the same picture as without a flaw, encoded in another way: `rotated` is stored lying on its side,
    with an EXIF orientation that displays it upright, at this size; `profiled` is stored in another color space, with
    its ICC profile. `transparent`, a PNG, is partly transparent. They are asked for as JPEG and PNG alone.

    It skips the test (`pytest.skip`) if the adapter can't decode the format, such as HEIC without its library.
    """

    def __call__(self, size: Dimensions, format_: PictureFormat = ..., flaw: str = ...) -> bytes: ...


class ProbeContract:
    """Needs the fixtures `probe` and `make_picture`."""

    @pytest.mark.parametrize("format_", PictureFormat)
    def test_every_allowed_format_is_told_with_its_size(
        self, probe: ImageProbe, make_picture: MakePicture, format_: PictureFormat
    ) -> None:
        facts = probe.inspect(io.BytesIO(make_picture(LANDSCAPE, format_)))
        assert (facts.format, facts.dimensions) == (format_, LANDSCAPE)
        assert not facts.is_blank
        assert not facts.has_location

    @pytest.mark.parametrize(("width_px", "height_px"), [(1, 1), (1, 700), (700, 1), (90, 160)])
    def test_any_aspect_is_told(
        self, probe: ImageProbe, make_picture: MakePicture, width_px: int, height_px: int
    ) -> None:
        size = Dimensions(width_px=width_px, height_px=height_px)
        assert probe.inspect(io.BytesIO(make_picture(size, PictureFormat.PNG))).dimensions == size

    @pytest.mark.parametrize("format_", PictureFormat)
    def test_a_blank_picture_is_told(
        self, probe: ImageProbe, make_picture: MakePicture, format_: PictureFormat
    ) -> None:
        assert probe.inspect(io.BytesIO(make_picture(LANDSCAPE, format_, "blank"))).is_blank

    @pytest.mark.parametrize("format_", PictureFormat)
    @pytest.mark.parametrize("longest_side_px", [60, 163, 320, 1100])
    def test_the_same_picture_has_the_same_colors_in_any_format_and_size(
        self, probe: ImageProbe, make_picture: MakePicture, format_: PictureFormat, longest_side_px: int
    ) -> None:
        facts = probe.inspect(io.BytesIO(make_picture(LANDSCAPE, PictureFormat.PNG)))
        other = probe.inspect(io.BytesIO(make_picture(LANDSCAPE.scaled_to(longest_side_px), format_)))
        assert max(map(Color.gap_to, facts.colors.cells, other.colors.cells)) < 9

    @pytest.mark.parametrize("format_", PictureFormat)
    @pytest.mark.parametrize("longest_side_px", [60, 163, 320, 1100])
    def test_the_same_picture_is_faithful_in_any_format_and_size(
        self, probe: ImageProbe, make_picture: MakePicture, format_: PictureFormat, longest_side_px: int
    ) -> None:
        original = make_picture(LANDSCAPE, PictureFormat.PNG)
        result = make_picture(LANDSCAPE.scaled_to(longest_side_px), format_)
        assert probe.compare(io.BytesIO(result), io.BytesIO(original)).flaw == ""
        assert probe.compare(io.BytesIO(original), io.BytesIO(result)).flaw == ""

    @pytest.mark.parametrize("format_", PictureFormat)
    @pytest.mark.parametrize("flaw", ["blank", "dark", "tinted", "half", "burst"])
    def test_a_spoiled_picture_is_not_faithful(
        self, probe: ImageProbe, make_picture: MakePicture, format_: PictureFormat, flaw: str
    ) -> None:
        original = make_picture(LANDSCAPE, format_)
        result = make_picture(LANDSCAPE.scaled_to(320), format_, flaw)
        assert probe.compare(io.BytesIO(result), io.BytesIO(original)).flaw

    @pytest.mark.parametrize("longest_side_px", [80, 320])
    def test_what_is_made_of_a_blank_picture_may_be_blank(
        self, probe: ImageProbe, make_picture: MakePicture, longest_side_px: int
    ) -> None:
        blank = [make_picture(LANDSCAPE.scaled_to(side_px), flaw="blank") for side_px in (160, longest_side_px)]
        comparison = probe.compare(io.BytesIO(blank[1]), io.BytesIO(blank[0]))
        assert (comparison.result_is_blank, comparison.original_is_blank, comparison.flaw) == (True, True, "")

    def test_a_comparison_is_made_at_the_smaller_of_the_two_sizes(
        self, probe: ImageProbe, make_picture: MakePicture
    ) -> None:
        small, large = (io.BytesIO(make_picture(LANDSCAPE.scaled_to(side_px))) for side_px in (160, 320))
        assert probe.compare(large, small).size == probe.compare(small, large).size == LANDSCAPE

    @pytest.mark.filterwarnings("default:Truncated File Read")  # as below
    @pytest.mark.parametrize("flaw", ["", "animated", "corrupt", "junk", "empty"])
    @pytest.mark.parametrize("is_result", [True, False])
    def test_both_are_rewound_whatever_comes_of_a_comparison(
        self, probe: ImageProbe, make_picture: MakePicture, flaw: str, *, is_result: bool
    ) -> None:
        made = {"junk": b"junk" * 99, "empty": b""}
        data = made[flaw] if flaw in made else make_picture(LANDSCAPE, PictureFormat.PNG, flaw)
        contents = [io.BytesIO(data), io.BytesIO(make_picture(LANDSCAPE))]
        result, original = contents if is_result else reversed(contents)
        with pytest.raises(UnacceptablePicture) if flaw else contextlib.nullcontext():
            probe.compare(result, original)
        assert [content.tell() for content in contents] == [0, 0]

    def test_the_colors_are_told_where_they_are_from_the_top_left(
        self, probe: ImageProbe, make_picture: MakePicture
    ) -> None:
        whole = probe.inspect(io.BytesIO(make_picture(LANDSCAPE))).colors.cells
        half = probe.inspect(io.BytesIO(make_picture(LANDSCAPE, flaw="half"))).colors.cells
        upper = len(whole) // 2
        assert max(map(Color.gap_to, whole[:upper], half[:upper])) < 9
        assert max(max(cell.red, cell.green, cell.blue) for cell in half[upper:]) < 9

    @pytest.mark.parametrize("format_", PictureFormat)
    @pytest.mark.parametrize("flaw", ["", "blank", "dark"])
    def test_a_picture_is_identified_as_what_inspection_finds(
        self, probe: ImageProbe, make_picture: MakePicture, format_: PictureFormat, flaw: str
    ) -> None:
        content = io.BytesIO(make_picture(LANDSCAPE, format_, flaw))
        identity, facts = probe.identify(content), probe.inspect(content)
        assert (identity.format, identity.dimensions, identity.has_location) == (
            facts.format,
            facts.dimensions,
            facts.has_location,
        )
        assert content.tell() == 0

    @pytest.mark.filterwarnings("default:Truncated File Read")  # as below
    @pytest.mark.parametrize("format_", PictureFormat)
    def test_a_corrupt_picture_is_not_identified(
        self, probe: ImageProbe, make_picture: MakePicture, format_: PictureFormat
    ) -> None:
        content = io.BytesIO(make_picture(LANDSCAPE, format_, "corrupt"))
        with pytest.raises(UndecodablePicture):
            probe.identify(content)
        assert content.tell() == 0

    def test_identification_refuses_what_inspection_does(self, probe: ImageProbe, make_picture: MakePicture) -> None:
        huge = Dimensions(width_px=10_000, height_px=5_001)
        png = PictureFormat.PNG
        refused = {
            b"": EmptyFile,
            b"junk" * 999: UnknownPictureFormat,
            make_picture(LANDSCAPE, png, "animated"): AnimatedPicture,
            make_picture(huge, png): TooManyPixels,
        }
        for data, error in refused.items():
            with pytest.raises(error):
                probe.identify(io.BytesIO(data))

    def test_no_bytes_are_an_empty_file(self, probe: ImageProbe) -> None:
        with pytest.raises(EmptyFile):
            probe.inspect(io.BytesIO())

    @pytest.mark.parametrize("data", [b"x", b"junk" * 999, b"<html></html>", b"<!DOCTYPE html>", bytes(5000)])
    def test_other_bytes_are_no_known_format(self, probe: ImageProbe, data: bytes) -> None:
        with pytest.raises(UnknownPictureFormat):
            probe.inspect(io.BytesIO(data))

    @pytest.mark.parametrize("format_", [PictureFormat.GIF, PictureFormat.PNG, PictureFormat.WEBP])
    def test_a_picture_of_several_frames_is_refused(
        self, probe: ImageProbe, make_picture: MakePicture, format_: PictureFormat
    ) -> None:
        with pytest.raises(AnimatedPicture):
            probe.inspect(io.BytesIO(make_picture(LANDSCAPE, format_, "animated")))

    def test_a_file_of_several_pages_is_refused(self, probe: ImageProbe, make_picture: MakePicture) -> None:
        with pytest.raises(MultiplePages) as refusal:
            probe.inspect(io.BytesIO(make_picture(LANDSCAPE, PictureFormat.TIFF, "animated")))
        assert refusal.value.pages == 2

    @pytest.mark.filterwarnings("default:Truncated File Read")  # Pillow's warning; the error is tested
    @pytest.mark.parametrize("format_", PictureFormat)
    def test_a_corrupt_picture_is_refused(
        self, probe: ImageProbe, make_picture: MakePicture, format_: PictureFormat
    ) -> None:
        with pytest.raises(UndecodablePicture):
            probe.inspect(io.BytesIO(make_picture(LANDSCAPE, format_, "corrupt")))

    def test_one_row_over_the_pixel_cap_is_refused(self, probe: ImageProbe, make_picture: MakePicture) -> None:
        with pytest.raises(TooManyPixels) as refusal:
            probe.inspect(io.BytesIO(make_picture(Dimensions(width_px=10_000, height_px=5_001), PictureFormat.PNG)))
        assert (refusal.value.pixels, refusal.value.pixels_max) == (50_010_000, PICTURE_PIXELS_MAX)

    def test_the_largest_allowed_picture_is_accepted(self, probe: ImageProbe, make_picture: MakePicture) -> None:
        size = Dimensions(width_px=10_000, height_px=5_000)
        assert size.pixels == PICTURE_PIXELS_MAX
        assert probe.inspect(io.BytesIO(make_picture(size, PictureFormat.PNG, "blank"))).dimensions == size

    def test_a_result_may_be_larger_than_an_upload(self, probe: ImageProbe, make_picture: MakePicture) -> None:
        """Results follow the catalog: the largest tier may have `RESULT_PIXELS_MAX` pixels."""
        size = Dimensions(width_px=8000, height_px=6400)
        content = io.BytesIO(make_picture(size, PictureFormat.PNG, "blank"))
        assert probe.inspect(content, pixels_max=RESULT_PIXELS_MAX).dimensions == size
        with pytest.raises(TooManyPixels):
            probe.inspect(content)

    def test_the_content_is_rewound_for_the_next_reader(self, probe: ImageProbe, make_picture: MakePicture) -> None:
        content = io.BytesIO(make_picture(LANDSCAPE))
        probe.inspect(content)
        assert content.tell() == 0

    @pytest.mark.parametrize("flaw", ["animated", "corrupt", "junk"])
    def test_the_content_is_rewound_after_a_refusal_too(
        self, probe: ImageProbe, make_picture: MakePicture, flaw: str
    ) -> None:
        content = io.BytesIO(b"junk" if flaw == "junk" else make_picture(LANDSCAPE, PictureFormat.PNG, flaw))
        with pytest.raises(UnacceptablePicture):
            probe.inspect(content)
        assert content.tell() == 0

    def test_many_at_once_are_each_told_right(self, probe: ImageProbe, make_picture: MakePicture) -> None:
        sizes = [Dimensions(width_px=100 + n, height_px=80) for n in range(24)]
        pictures = [make_picture(size) for size in sizes]
        with ThreadPoolExecutor(8) as threads:
            facts = list(threads.map(lambda data: probe.inspect(io.BytesIO(data)), pictures))
        assert [fact.dimensions for fact in facts] == sizes
