"""Laws every Blender keeps."""

import io

import pytest

from spike_contracts.probe import MakePicture
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UnacceptablePicture
from spike_core.domain.objects import PictureFormat
from spike_core.ports.blender import Blender
from spike_core.ports.probe import ImageProbe

WIDE = Dimensions(width_px=320, height_px=200)
TALL = Dimensions(width_px=90, height_px=160)


class BlenderContract:
    """Needs the fixtures `blender`, `make_picture` and `probe`, a probe that can read the blender's results."""

    @pytest.mark.parametrize("format_", PictureFormat)
    def test_pictures_of_every_format_are_merged(
        self, blender: Blender, make_picture: MakePicture, probe: ImageProbe, format_: PictureFormat
    ) -> None:
        one, other = make_picture(WIDE, format_), make_picture(TALL, format_)
        merged = blender.blend(io.BytesIO(one), io.BytesIO(other), size=WIDE.scaled_to(1024))
        assert probe.inspect(io.BytesIO(merged)).dimensions == WIDE

    @pytest.mark.parametrize(("original", "source"), [(WIDE, TALL), (TALL, WIDE), (WIDE, WIDE)])
    def test_the_originals_aspect_stays_and_nothing_grows(
        self, blender: Blender, make_picture: MakePicture, probe: ImageProbe, original: Dimensions, source: Dimensions
    ) -> None:
        one, other = make_picture(original), make_picture(source)
        for size, expected in ((original.scaled_to(64), original.scaled_to(64)), (original.scaled_to(999), original)):
            merged = blender.blend(io.BytesIO(one), io.BytesIO(other), size=size)
            assert probe.inspect(io.BytesIO(merged)).dimensions == expected

    @pytest.mark.parametrize("flaw", ["", "dark", "tinted", "half"])
    @pytest.mark.parametrize(("original", "source"), [(WIDE, TALL), (TALL, WIDE)])
    def test_the_colors_lie_between_those_of_the_two(
        self,
        blender: Blender,
        make_picture: MakePicture,
        probe: ImageProbe,
        original: Dimensions,
        source: Dimensions,
        flaw: str,
    ) -> None:
        """The worker's check of a blend passes."""
        one, other = make_picture(original), make_picture(source, flaw=flaw)
        merged = blender.blend(io.BytesIO(one), io.BytesIO(other), size=original)
        colors = [probe.inspect(io.BytesIO(data)).colors for data in (merged, one, other)]
        assert colors[0].lies_between(colors[1], colors[2])

    def test_the_same_pictures_give_the_same_bytes(self, blender: Blender, make_picture: MakePicture) -> None:
        one, other = make_picture(WIDE), make_picture(TALL)
        first, second = (blender.blend(io.BytesIO(one), io.BytesIO(other), size=WIDE) for _ in range(2))
        assert first == second

    def test_what_isnt_a_picture_is_refused(self, blender: Blender, make_picture: MakePicture) -> None:
        picture = make_picture(WIDE)
        for one, other in ((picture, b"junk"), (b"junk", picture)):
            with pytest.raises(UnacceptablePicture):
                blender.blend(io.BytesIO(one), io.BytesIO(other), size=WIDE)

    @pytest.mark.parametrize("stored", ["rotated", "profiled"])
    def test_the_result_is_upright_and_in_srgb(
        self, blender: Blender, make_picture: MakePicture, probe: ImageProbe, stored: str
    ) -> None:
        """However the two are stored: a picture that is merged into itself stays as it is."""
        one = make_picture(WIDE, flaw=stored)
        merged = blender.blend(io.BytesIO(one), io.BytesIO(one), size=WIDE)
        assert probe.inspect(io.BytesIO(merged)).dimensions == WIDE
        assert probe.compare(io.BytesIO(merged), io.BytesIO(make_picture(WIDE))).flaw == ""

    def test_the_result_is_encoded_without_loss(
        self, blender: Blender, make_picture: MakePicture, probe: ImageProbe
    ) -> None:
        one = make_picture(WIDE)
        merged = blender.blend(io.BytesIO(one), io.BytesIO(one), size=WIDE)
        assert probe.inspect(io.BytesIO(merged)).format in {PictureFormat.PNG, PictureFormat.WEBP, PictureFormat.TIFF}
