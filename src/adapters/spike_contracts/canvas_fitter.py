"""Laws every CanvasFitter keeps."""

import io

import pytest

from spike_contracts.probe import MakePicture
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UnacceptablePicture
from spike_core.domain.objects import PictureFormat
from spike_core.ports.canvas_fitter import CanvasFitter
from spike_core.ports.probe import ImageProbe

WIDE = Dimensions(width_px=320, height_px=200)
TALL = Dimensions(width_px=90, height_px=160)
CANVASES = (Dimensions(width_px=256, height_px=256), Dimensions(width_px=384, height_px=256), TALL)


class CanvasFitterContract:
    """Needs the fixtures `canvas_fitter`, `make_picture` and `probe`, a probe that can read the fitter's results."""

    @pytest.mark.parametrize("canvas", [*CANVASES, Dimensions(width_px=9, height_px=1)], ids=str)
    @pytest.mark.parametrize("original", [WIDE, TALL], ids=str)
    def test_a_canvas_is_a_png_of_exactly_its_size(
        self,
        canvas_fitter: CanvasFitter,
        make_picture: MakePicture,
        probe: ImageProbe,
        original: Dimensions,
        canvas: Dimensions,
    ) -> None:
        framed = canvas_fitter.frame(io.BytesIO(make_picture(original)), size=original.scaled_to(1024), canvas=canvas)
        facts = probe.inspect(io.BytesIO(framed))
        assert (facts.format, facts.dimensions) == (PictureFormat.PNG, canvas)

    @pytest.mark.parametrize("format_", PictureFormat)
    def test_pictures_of_every_format_are_framed_and_fitted(
        self, canvas_fitter: CanvasFitter, make_picture: MakePicture, probe: ImageProbe, format_: PictureFormat
    ) -> None:
        picture, size = make_picture(WIDE, format_), WIDE.scaled_to(512)
        framed = canvas_fitter.frame(io.BytesIO(picture), size=size, canvas=CANVASES[0])
        fitted = canvas_fitter.fit(io.BytesIO(picture), size=size)
        assert probe.inspect(io.BytesIO(framed)).dimensions == CANVASES[0]
        assert probe.inspect(io.BytesIO(fitted.content)).dimensions == fitted.dimensions == size
        assert probe.inspect(io.BytesIO(fitted.content)).format is fitted.format

    @pytest.mark.parametrize("flaw", ["", "dark", "tinted", "half"])
    @pytest.mark.parametrize("canvas", CANVASES, ids=str)
    @pytest.mark.parametrize("original", [WIDE, TALL], ids=str)
    def test_what_was_framed_comes_off_the_canvas_again(
        self,
        canvas_fitter: CanvasFitter,
        make_picture: MakePicture,
        probe: ImageProbe,
        original: Dimensions,
        canvas: Dimensions,
        flaw: str,
    ) -> None:
        picture = make_picture(original, flaw=flaw)
        framed = canvas_fitter.frame(io.BytesIO(picture), size=original, canvas=canvas)
        fitted = canvas_fitter.fit(io.BytesIO(framed), size=original)
        assert fitted.dimensions == original
        assert probe.compare(io.BytesIO(fitted.content), io.BytesIO(picture)).flaw == ""

    def test_the_same_pictures_give_the_same_bytes(
        self, canvas_fitter: CanvasFitter, make_picture: MakePicture
    ) -> None:
        picture = make_picture(WIDE)
        framed = {canvas_fitter.frame(io.BytesIO(picture), size=WIDE, canvas=CANVASES[0]) for _ in range(2)}
        fitted = {canvas_fitter.fit(io.BytesIO(picture), size=TALL).content for _ in range(2)}
        assert (len(framed), len(fitted)) == (1, 1)

    @pytest.mark.parametrize("flaw", ["corrupt", "animated", "junk", "empty"])
    def test_what_cannot_be_decoded_is_refused_for_good(
        self, canvas_fitter: CanvasFitter, make_picture: MakePicture, flaw: str
    ) -> None:
        made = {"junk": b"no picture", "empty": b""}
        data = made[flaw] if flaw in made else make_picture(WIDE, PictureFormat.PNG, flaw)
        with pytest.raises(UnacceptablePicture):
            canvas_fitter.frame(io.BytesIO(data), size=WIDE, canvas=CANVASES[0])
        with pytest.raises(UnacceptablePicture):
            canvas_fitter.fit(io.BytesIO(data), size=WIDE)

    @pytest.mark.parametrize("stored", ["rotated", "profiled"])
    def test_the_canvas_is_upright_and_in_srgb(
        self, canvas_fitter: CanvasFitter, make_picture: MakePicture, probe: ImageProbe, stored: str
    ) -> None:
        """However the original is stored. What is fitted is upright and in sRGB too."""
        picture, upright = make_picture(WIDE, flaw=stored), make_picture(WIDE)
        framed = canvas_fitter.frame(io.BytesIO(picture), size=WIDE, canvas=WIDE)
        fitted = canvas_fitter.fit(io.BytesIO(picture), size=WIDE)
        for content in (framed, fitted.content):
            assert probe.inspect(io.BytesIO(content)).dimensions == WIDE
            assert probe.compare(io.BytesIO(content), io.BytesIO(upright)).flaw == ""

    def test_a_canvas_tells_no_place(
        self, canvas_fitter: CanvasFitter, make_picture: MakePicture, probe: ImageProbe
    ) -> None:
        """It may leave the machine: it contains no metadata."""
        located = make_picture(WIDE, flaw="located")
        framed = canvas_fitter.frame(io.BytesIO(located), size=WIDE, canvas=CANVASES[0])
        assert not probe.inspect(io.BytesIO(framed)).has_location
