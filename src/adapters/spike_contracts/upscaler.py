"""Laws every Upscaler keeps."""

import io

import pytest

from spike_contracts.probe import MakePicture
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UnacceptablePicture, WorkAbandoned
from spike_core.domain.objects import PictureFormat
from spike_core.domain.render_options import OUTPUT_FORMATS, RenderOptions
from spike_core.domain.tiers import Tier
from spike_core.ports.probe import ImageProbe
from spike_core.ports.upscaler import Upscaler

SMALL = Dimensions(width_px=320, height_px=213)
TINY = Dimensions(width_px=96, height_px=64)  # for laws that don't depend on the size
LARGE = Dimensions(width_px=2500, height_px=1700)


class Listener:
    """Records the reported progress, and raises at the report with this number, if any."""

    def __init__(self, *, gives_up_at: int | None = None) -> None:
        self.reports: list[float] = []
        self._gives_up_at = gives_up_at

    def report(self, done: float) -> None:
        self.reports.append(done)
        if len(self.reports) == self._gives_up_at:
            raise WorkAbandoned


class UpscalerContract:
    """Needs the fixtures `upscaler`, `make_picture` and `probe`, a probe that can read the upscaler's results."""

    @pytest.mark.parametrize("tier", SPECIFIED.tiers)
    @pytest.mark.parametrize("original", [SMALL, LARGE], ids=str)
    def test_the_result_is_what_was_ordered(
        self, upscaler: Upscaler, make_picture: MakePicture, probe: ImageProbe, tier: Tier, original: Dimensions
    ) -> None:
        """The worker's check of the result passes."""
        size = SPECIFIED[tier].output_size(original)
        content = make_picture(original)
        picture = upscaler.enhance(io.BytesIO(content), size=size)
        facts = probe.inspect(io.BytesIO(picture.content))
        assert (picture.format, picture.dimensions) == (PictureFormat.JPEG, size)
        assert (facts.format, facts.dimensions) == (PictureFormat.JPEG, size)
        assert not facts.is_blank
        assert probe.compare(io.BytesIO(picture.content), io.BytesIO(content)).flaw == ""

    @pytest.mark.parametrize("format_", PictureFormat)
    def test_every_allowed_format_is_enhanced(
        self, upscaler: Upscaler, make_picture: MakePicture, format_: PictureFormat
    ) -> None:
        size = TINY.scaled_to(192)
        assert upscaler.enhance(io.BytesIO(make_picture(TINY, format_)), size=size).dimensions == size

    @pytest.mark.parametrize(
        ("original", "longest_side_px"),
        [
            (Dimensions(width_px=1, height_px=1), 1024),
            (Dimensions(width_px=1, height_px=20_000), 1024),
            (Dimensions(width_px=20_000, height_px=1), 1024),
            (Dimensions(width_px=3, height_px=700), 4096),
            (Dimensions(width_px=2, height_px=2), 2),
        ],
        ids=str,
    )
    def test_any_aspect_is_enhanced(
        self, upscaler: Upscaler, make_picture: MakePicture, original: Dimensions, longest_side_px: int
    ) -> None:
        size = original.scaled_to(longest_side_px)
        picture = upscaler.enhance(io.BytesIO(make_picture(original, PictureFormat.PNG)), size=size)
        assert picture.dimensions == size

    def test_a_blank_picture_stays_blank(
        self, upscaler: Upscaler, make_picture: MakePicture, probe: ImageProbe
    ) -> None:
        picture = upscaler.enhance(io.BytesIO(make_picture(TINY, flaw="blank")), size=TINY.scaled_to(192))
        assert probe.inspect(io.BytesIO(picture.content)).is_blank

    @pytest.mark.parametrize("flaw", ["corrupt", "animated", "junk", "empty"])
    def test_what_cannot_be_decoded_is_refused_for_good(
        self, upscaler: Upscaler, make_picture: MakePicture, flaw: str
    ) -> None:
        made = {"junk": b"no picture", "empty": b""}
        data = made[flaw] if flaw in made else make_picture(TINY, PictureFormat.PNG, flaw)
        with pytest.raises(UnacceptablePicture):
            upscaler.enhance(io.BytesIO(data), size=TINY)

    def test_progress_is_reported_and_never_falls(self, upscaler: Upscaler, make_picture: MakePicture) -> None:
        listener = Listener()
        upscaler.enhance(io.BytesIO(make_picture(TINY)), size=TINY.scaled_to(192), monitor=listener)
        assert listener.reports
        assert listener.reports == sorted(listener.reports)
        assert all(0 <= done <= 1 for done in listener.reports)

    def test_work_that_nobody_waits_for_is_left(self, upscaler: Upscaler, make_picture: MakePicture) -> None:
        listener = Listener(gives_up_at=1)
        with pytest.raises(WorkAbandoned):
            upscaler.enhance(io.BytesIO(make_picture(TINY)), size=TINY.scaled_to(192), monitor=listener)
        assert len(listener.reports) == 1

    def test_the_method_is_named(self, upscaler: Upscaler, make_picture: MakePicture) -> None:
        picture = upscaler.enhance(io.BytesIO(make_picture(TINY)), size=TINY.scaled_to(192))
        assert picture.method

    @pytest.mark.parametrize("stored", ["rotated", "profiled"])
    def test_the_result_is_upright_and_in_srgb(
        self, upscaler: Upscaler, make_picture: MakePicture, probe: ImageProbe, stored: str
    ) -> None:
        """However the original is stored: lying on its side, or in another color space."""
        size = TINY.scaled_to(192)
        picture = upscaler.enhance(io.BytesIO(make_picture(TINY, flaw=stored)), size=size)
        assert picture.dimensions == size
        assert probe.inspect(io.BytesIO(picture.content)).dimensions == size
        assert probe.compare(io.BytesIO(picture.content), io.BytesIO(make_picture(TINY))).flaw == ""

    def test_transparency_is_kept(self, upscaler: Upscaler, make_picture: MakePicture, probe: ImageProbe) -> None:
        original = make_picture(TINY, PictureFormat.PNG, "transparent")
        picture = upscaler.enhance(io.BytesIO(original), size=TINY.scaled_to(192))
        assert picture.format in {PictureFormat.PNG, PictureFormat.WEBP}
        assert probe.inspect(io.BytesIO(picture.content)).format is picture.format
        assert probe.compare(io.BytesIO(picture.content), io.BytesIO(original)).flaw == ""

    @pytest.mark.parametrize("format_", OUTPUT_FORMATS)
    def test_the_result_has_the_ordered_format(
        self, upscaler: Upscaler, make_picture: MakePicture, probe: ImageProbe, format_: PictureFormat
    ) -> None:
        """The worker's check of the result passes, whatever the format."""
        content, size = make_picture(TINY), TINY.scaled_to(192)
        picture = upscaler.enhance(io.BytesIO(content), size=size, options=RenderOptions(format=format_))
        facts = probe.inspect(io.BytesIO(picture.content))
        assert (picture.format, facts.format, facts.dimensions) == (format_, format_, size)
        assert probe.compare(io.BytesIO(picture.content), io.BytesIO(content)).flaw == ""

    def test_an_ordered_jpeg_of_a_transparent_picture_is_faithful(
        self, upscaler: Upscaler, make_picture: MakePicture, probe: ImageProbe
    ) -> None:
        original = make_picture(TINY, PictureFormat.PNG, "transparent")
        options = RenderOptions(format=PictureFormat.JPEG)
        picture = upscaler.enhance(io.BytesIO(original), size=TINY.scaled_to(192), options=options)
        assert picture.format is PictureFormat.JPEG
        assert probe.compare(io.BytesIO(picture.content), io.BytesIO(original)).flaw == ""

    def test_an_analysis_says_something(self, upscaler: Upscaler, make_picture: MakePicture) -> None:
        assert upscaler.analyze(io.BytesIO(make_picture(TINY)), size=TINY.scaled_to(192)).summary
