"""Laws every RenditionMaker keeps."""

import io

import pytest

from spike_contracts.probe import MakePicture
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UnacceptablePicture
from spike_core.domain.objects import PictureFormat
from spike_core.domain.renditions import CARD_SIZE, PREVIEW_SIDE_PX, THUMBNAIL_SIDE_PX
from spike_core.ports.probe import ImageProbe
from spike_core.ports.rendition_maker import RenditionMaker

LARGE = Dimensions(width_px=2000, height_px=1000)
MIDDLE = Dimensions(width_px=500, height_px=800)
SMALL = Dimensions(width_px=300, height_px=400)


class RenditionMakerContract:
    """Needs the fixtures `rendition_maker`, `make_picture` and `probe`, a probe that can read WebP."""

    @pytest.mark.parametrize("size", [LARGE, MIDDLE], ids=str)
    def test_the_longest_side_is_as_long_as_allowed_but_never_longer_than_the_pictures(
        self, rendition_maker: RenditionMaker, make_picture: MakePicture, probe: ImageProbe, size: Dimensions
    ) -> None:
        made = rendition_maker.make(io.BytesIO(make_picture(size)))
        assert made.preview is not None
        thumbnail, preview = (probe.inspect(io.BytesIO(content)) for content in (made.thumbnail, made.preview))
        assert (thumbnail.format, preview.format) == (PictureFormat.WEBP, PictureFormat.WEBP)
        assert thumbnail.dimensions == size.scaled_to(THUMBNAIL_SIDE_PX)
        assert preview.dimensions == size.scaled_to(min(PREVIEW_SIDE_PX, size.longest_side_px))

    def test_a_picture_no_larger_than_the_thumbnail_has_no_preview(
        self, rendition_maker: RenditionMaker, make_picture: MakePicture, probe: ImageProbe
    ) -> None:
        made = rendition_maker.make(io.BytesIO(make_picture(SMALL)))
        assert made.preview is None
        assert probe.inspect(io.BytesIO(made.thumbnail)).dimensions == SMALL

    @pytest.mark.parametrize("stored", ["", "rotated", "profiled", "transparent", "half"])
    def test_renditions_look_like_the_picture_however_it_is_stored(
        self, rendition_maker: RenditionMaker, make_picture: MakePicture, probe: ImageProbe, stored: str
    ) -> None:
        format_ = PictureFormat.PNG if stored == "transparent" else PictureFormat.JPEG
        picture = make_picture(SMALL, format_, stored)
        made = rendition_maker.make(io.BytesIO(picture))
        assert probe.compare(io.BytesIO(made.thumbnail), io.BytesIO(picture)).mean_gap <= 4  # of 255

    @pytest.mark.parametrize("format_", PictureFormat)
    def test_pictures_of_every_format_have_renditions(
        self, rendition_maker: RenditionMaker, make_picture: MakePicture, format_: PictureFormat
    ) -> None:
        picture = io.BytesIO(make_picture(SMALL, format_))
        assert rendition_maker.make(picture).thumbhash
        assert picture.tell() == 0

    def test_renditions_tell_no_place(
        self, rendition_maker: RenditionMaker, make_picture: MakePicture, probe: ImageProbe
    ) -> None:
        made = rendition_maker.make(io.BytesIO(make_picture(MIDDLE, flaw="located")))
        assert made.preview is not None
        for content in (made.thumbnail, made.preview):
            assert not probe.inspect(io.BytesIO(content)).has_location

    @pytest.mark.parametrize("flaw", ["corrupt", "animated", "junk", "empty"])
    def test_of_what_cannot_be_decoded_none_are_made(
        self, rendition_maker: RenditionMaker, make_picture: MakePicture, flaw: str
    ) -> None:
        made = {"junk": b"no picture", "empty": b""}
        data = made[flaw] if flaw in made else make_picture(MIDDLE, PictureFormat.PNG, flaw)
        with pytest.raises(UnacceptablePicture):
            rendition_maker.make(io.BytesIO(data))

    def test_a_card_has_one_size_whatever_it_shows_and_tells_no_place(
        self, rendition_maker: RenditionMaker, make_picture: MakePicture, probe: ImageProbe
    ) -> None:
        before, after = io.BytesIO(make_picture(MIDDLE, flaw="located")), io.BytesIO(make_picture(SMALL))
        card = probe.inspect(io.BytesIO(rendition_maker.make_card(before, after)))
        assert (card.format, card.dimensions, card.has_location) == (PictureFormat.JPEG, CARD_SIZE, False)
        assert before.tell() == after.tell() == 0

    @pytest.mark.parametrize("wrong", ["before", "after"])
    def test_of_what_cannot_be_decoded_no_card_is_made(
        self, rendition_maker: RenditionMaker, make_picture: MakePicture, wrong: str
    ) -> None:
        pictures = {"before": make_picture(SMALL), "after": make_picture(SMALL), wrong: b"no picture"}
        with pytest.raises(UnacceptablePicture):
            rendition_maker.make_card(io.BytesIO(pictures["before"]), io.BytesIO(pictures["after"]))
