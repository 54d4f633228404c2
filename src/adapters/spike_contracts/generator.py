"""Laws every Generator keeps."""

import io

import pytest

from spike_contracts.probe import MakePicture
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import GeneratorUnavailable, UnacceptablePicture
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.objects import PictureFormat
from spike_core.ports.generator import Generator
from spike_core.ports.probe import ImageProbe
from spike_core.ports.upscaler import RenderedImage

PROMPT = Prompt("A serene mountain landscape at sunset")
INPUT = Dimensions(width_px=160, height_px=107)


def check(picture: RenderedImage, size: Dimensions, probe: ImageProbe) -> None:
    """Assert that the worker's check of a result passes."""
    facts = probe.inspect(io.BytesIO(picture.content))
    assert (facts.format, facts.dimensions, facts.is_blank) == (picture.format, size, False)
    assert picture.dimensions == size


class GeneratorContract:
    """Needs the fixtures `generator`, `make_picture` and `probe`, a probe that can read the generator's results.

    `lost_generator` can't be reached; a generator without a server skips it (`pytest.skip`).
    """

    def test_one_that_can_be_asked_says_so(self, generator: Generator) -> None:
        generator.ping()

    @pytest.mark.parametrize("ratio", AspectRatio)
    def test_a_generated_picture_has_the_size_that_was_asked(
        self, generator: Generator, probe: ImageProbe, ratio: AspectRatio
    ) -> None:
        size = ratio.size(256)
        check(generator.generate(PROMPT, negative=None, size=size), size, probe)

    @pytest.mark.parametrize("longest_side_px", [16, 1024])
    def test_any_size_will_do(self, generator: Generator, probe: ImageProbe, longest_side_px: int) -> None:
        size = AspectRatio.SIXTEEN_TO_NINE.size(longest_side_px)
        check(generator.generate(PROMPT, negative=Prompt("people"), size=size), size, probe)

    @pytest.mark.parametrize("format_", PictureFormat)
    def test_pictures_of_every_format_are_changed(
        self, generator: Generator, make_picture: MakePicture, probe: ImageProbe, format_: PictureFormat
    ) -> None:
        size = INPUT.scaled_to(320)
        original = io.BytesIO(make_picture(INPUT, format_))
        check(generator.modify(original, Prompt("make it snow"), negative=None, size=size), size, probe)

    def test_what_isnt_a_picture_cant_be_changed(self, generator: Generator) -> None:
        for junk in (b"", b"junk"):
            with pytest.raises(UnacceptablePicture):
                generator.modify(io.BytesIO(junk), PROMPT, negative=None, size=INPUT)

    def test_a_generator_that_is_away_says_so(self, lost_generator: Generator, make_picture: MakePicture) -> None:
        """Another attempt may succeed."""
        original = io.BytesIO(make_picture(INPUT))
        with pytest.raises(GeneratorUnavailable):
            lost_generator.ping()
        with pytest.raises(GeneratorUnavailable):
            lost_generator.generate(PROMPT, negative=None, size=INPUT)
        with pytest.raises(GeneratorUnavailable):
            lost_generator.modify(original, PROMPT, negative=None, size=INPUT)
