"""The check of results, on photographs: correct results pass, broken ones don't."""

import io
from collections.abc import Callable
from typing import BinaryIO, Final

import pytest
from attrs import evolve, field, frozen
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageOps

from effort import each_value_once
from pictures import CHELSEA, PHOTOGRAPHS, a_photo, decoded, encoded, flawed, noise, photograph
from spike_contracts.probe import ProbeContract
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import InvalidResult
from spike_core.domain.fidelity import ROUGHNESS_EXCESS_MAX, Comparison, Shares
from spike_core.domain.images import PictureFacts, PictureIdentity
from spike_core.domain.limits import PICTURE_PIXELS_MAX
from spike_core.domain.objects import PictureFormat
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.domain.tiers import Tier
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage, Upscaler
from spike_core.services.direct_enhancement import DirectEnhancement
from spike_pillow import PillowProbe, PillowUpscaler

pytestmark = each_value_once

SIDES: Final = st.integers(1, 90)
NONE: Final = Shares(overall=0.0, local=0.0)


def compared(result: bytes, original: bytes) -> Comparison:
    return PillowProbe().compare(io.BytesIO(result), io.BytesIO(original))


def size_of(picture: Image.Image) -> Dimensions:
    return Dimensions(width_px=picture.width, height_px=picture.height)


def enhanced(data: bytes, size: Dimensions) -> bytes:
    return PillowUpscaler().enhance(io.BytesIO(data), size=size).content


def at_random(width_px: int, height_px: int, seed: bytes, mode: str) -> Image.Image:
    """Return random pixels of maximum contrast: no engine changes means more."""
    count = width_px * height_px * len(mode)
    bits = int.from_bytes((seed or b"x") * (count // (8 * max(1, len(seed))) + 1))
    return Image.frombytes(mode, (width_px, height_px), bytes(255 * (bits >> index & 1) for index in range(count)))


@given(
    width_px=SIDES,
    height_px=SIDES,
    longest_side_px=st.sampled_from([16, 64, 200, 640]),
    seed=st.binary(min_size=1, max_size=24),
    mode=st.sampled_from(["L", "RGB", "RGBA"]),
    format_=st.sampled_from([PictureFormat.PNG, PictureFormat.WEBP, PictureFormat.TIFF]),
)
@example(width_px=85, height_px=3, longest_side_px=16, seed=b"\0\0\0\x08", mode="RGBA", format_=PictureFormat.PNG)
@example(width_px=3, height_px=90, longest_side_px=640, seed=b"\x11", mode="L", format_=PictureFormat.PNG)
@example(width_px=51, height_px=16, longest_side_px=64, seed=b"\x08", mode="RGBA", format_=PictureFormat.PNG)
@example(width_px=17, height_px=51, longest_side_px=64, seed=b"\x08", mode="RGBA", format_=PictureFormat.PNG)
@example(width_px=61, height_px=44, longest_side_px=64, seed=b"\x80", mode="RGBA", format_=PictureFormat.PNG)
@example(width_px=88, height_px=57, longest_side_px=64, seed=b"\x10", mode="RGB", format_=PictureFormat.PNG)
@example(width_px=38, height_px=61, longest_side_px=64, seed=b";\x9c\xff", mode="RGBA", format_=PictureFormat.PNG)
@example(width_px=75, height_px=74, longest_side_px=16, seed=b"\x04", mode="RGB", format_=PictureFormat.PNG)
@example(width_px=89, height_px=41, longest_side_px=64, seed=b"\xeb", mode="RGBA", format_=PictureFormat.PNG)
@example(width_px=33, height_px=40, longest_side_px=640, seed=b"\x42\x08", mode="RGB", format_=PictureFormat.PNG)
def test_the_classical_engine_passes_whatever_it_is_given(
    width_px: int, height_px: int, longest_side_px: int, seed: bytes, mode: str, format_: PictureFormat
) -> None:
    picture = at_random(width_px, height_px, seed, mode)
    data = encoded(picture, format_)
    assert compared(enhanced(data, size_of(picture).scaled_to(longest_side_px)), data).flaw == ""


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("longest_side_px", [64, 300, 1024, 2048])
def test_the_classical_engine_keeps_the_colors_of_photographs_far_within_the_bounds(
    name: str, longest_side_px: int
) -> None:
    data = encoded(photograph(name))
    comparison = compared(enhanced(data, size_of(photograph(name)).scaled_to(longest_side_px)), data)
    assert comparison.flaw == ""
    assert comparison.mean_gap < 3
    assert (comparison.stray, comparison.changed, comparison.off) == (NONE, NONE, NONE)
    assert comparison.roughness_excess < ROUGHNESS_EXCESS_MAX / 2


def _rolled(picture: Image.Image) -> Image.Image:
    return ImageChops.offset(picture, picture.width // 2, 0)


BROKEN: Final[dict[str, Callable[[Image.Image], Image.Image]]] = {
    "dark": lambda picture: flawed(picture, "dark"),
    "black but for a line": lambda picture: ImageOps.expand(Image.new("RGB", picture.size), 2, (255, 255, 255)),
    "tinted": lambda picture: flawed(picture, "tinted"),
    "with red and blue exchanged": lambda picture: Image.merge("RGB", picture.split()[::-1]),
    "half": lambda picture: flawed(picture, "half"),
    "a quarter": lambda picture: ImageOps.pad(picture.crop((0, 0, picture.width // 2, picture.height // 2)), (9, 9)),
    "negative": ImageOps.invert,
    "too bright": lambda picture: picture.point(lambda value: min(255, value * 2)),
}


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("name", [CHELSEA, "astronaut.png", "coffee.png"])
def test_what_a_broken_engine_makes_is_told(name: str, fault: str) -> None:
    data = encoded(photograph(name))
    right = decoded(enhanced(data, size_of(photograph(name)).scaled_to(700)))
    wrong = BROKEN[fault](right).resize(right.size)
    assert compared(encoded(right), data).flaw == ""
    assert compared(encoded(wrong), data).flaw


@pytest.mark.parametrize("fault", [Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM])
def test_a_picture_that_was_turned_is_told(fault: Image.Transpose) -> None:
    """If its parts differ, as they do in most pictures."""
    data = encoded(photograph("rocket.jpg"))
    assert compared(encoded(photograph("rocket.jpg").transpose(fault)), data).flaw


def test_tiles_at_the_wrong_place_are_told() -> None:
    data = encoded(photograph("astronaut.png"))
    assert compared(encoded(_rolled(photograph("astronaut.png"))), data).flaw


def test_alpha_that_was_lost_is_told() -> None:
    picture = photograph().convert("RGBA")
    picture.paste((255, 255, 255, 0), (0, 0, 200, 200))
    original = encoded(picture, PictureFormat.PNG)
    assert compared(encoded(picture.convert("RGB"), PictureFormat.PNG), original).flaw


@frozen
class Bursting(Upscaler):
    """The classical engine with a burst of noise in each result."""

    side_px: int

    def enhance(
        self,
        original: BinaryIO,
        *,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
        monitor: ProgressMonitor = UNMONITORED,
    ) -> RenderedImage:
        made = PillowUpscaler().enhance(original, size=size, options=options, monitor=monitor)
        picture = decoded(made.content)
        picture.paste(noise(self.side_px, seed=7), (size.width_px // 3, size.height_px // 3))
        return evolve(made, content=encoded(picture, quality=95, subsampling=0))


@pytest.mark.parametrize("tier", [Tier.TIER_1K, Tier.TIER_4K])
def test_an_engine_whose_results_have_bursts_is_refused_with_the_numbers(tier: Tier) -> None:
    original = encoded(photograph("coffee.png"))
    sound = DirectEnhancement(probe=PillowProbe(), upscaler=PillowUpscaler())
    assert sound.enhance(io.BytesIO(original), tier).content
    broken = DirectEnhancement(probe=PillowProbe(), upscaler=Bursting(24))
    with pytest.raises(InvalidResult, match=r"noise of its own: .* differ by \d+ of 255 more .*, 40 allowed"):
        broken.enhance(io.BytesIO(original), tier)


@frozen
class LaxProbe:
    """A probe that ignores pixels, which the contract must reject."""

    blind_to: str
    _probe: PillowProbe = field(factory=PillowProbe)

    def identify(self, content: BinaryIO) -> PictureIdentity:
        return self._probe.identify(content)

    def inspect(self, content: BinaryIO, *, pixels_max: int = PICTURE_PIXELS_MAX) -> PictureFacts:
        return self._probe.inspect(content)

    def compare(self, result: BinaryIO, original: BinaryIO) -> Comparison:
        found = self._probe.compare(result, original)
        if self.blind_to == "pixels":
            return evolve(found, stray=NONE, changed=NONE, off=NONE, roughness_excess=0.0)
        return evolve(found, mean_gap=0.0, cell_gap=0.0, stray=NONE, changed=NONE, off=NONE)


@pytest.mark.parametrize(("blind_to", "flaw"), [("pixels", "burst"), ("colors", "tinted"), ("colors", "half")])
def test_the_contract_notices_a_probe_that_is_blind(blind_to: str, flaw: str) -> None:
    law = ProbeContract().test_a_spoiled_picture_is_not_faithful
    law(PillowProbe(), a_photo, PictureFormat.PNG, flaw)
    with pytest.raises(AssertionError):
        law(LaxProbe(blind_to), a_photo, PictureFormat.PNG, flaw)
