"""Direct enhancement: the service's engine without jobs, with the same checks."""

import io
from typing import BinaryIO

import pytest
from attrs import frozen

from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import AnimatedPicture, InvalidResult
from spike_core.domain.objects import PictureFormat
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.domain.tiers import Tier
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_core.ports.upscaler import RenderedImage, Upscaler
from spike_core.services.direct_enhancement import DirectEnhancement
from spike_memory.engine import MemoryProbe, MemoryUpscaler, a_picture

SIZE = Dimensions(width_px=300, height_px=200)


@frozen
class Spoiling(Upscaler):
    """An engine whose results have a flaw, or the wrong size."""

    flaw: str = ""
    side_px: int = 0

    def enhance(
        self,
        original: BinaryIO,
        *,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
        monitor: ProgressMonitor = UNMONITORED,
    ) -> RenderedImage:
        made = size.scaled_to(self.side_px) if self.side_px else size
        content = a_picture(made, flaw=self.flaw)
        return RenderedImage(content=content, format=PictureFormat.JPEG, dimensions=made)


@pytest.mark.parametrize("tier", SPECIFIED.tiers)
def test_a_picture_comes_out_at_the_size_of_its_tier(tier: Tier) -> None:
    enhancement = DirectEnhancement(probe=MemoryProbe(), upscaler=MemoryUpscaler())
    made = enhancement.enhance(io.BytesIO(a_picture(SIZE)), tier)
    assert made.dimensions == SPECIFIED[tier].output_size(SIZE)
    assert MemoryProbe().inspect(io.BytesIO(made.content)).dimensions == made.dimensions


def test_what_the_service_would_refuse_is_refused() -> None:
    enhancement = DirectEnhancement(probe=MemoryProbe(), upscaler=MemoryUpscaler())
    with pytest.raises(AnimatedPicture):
        enhancement.enhance(io.BytesIO(a_picture(SIZE, PictureFormat.GIF, "animated")), Tier.TIER_1K)


@pytest.mark.parametrize(
    "engine",
    [
        Spoiling("blank"),
        Spoiling("corrupt"),
        Spoiling("tinted"),
        Spoiling("half"),
        Spoiling("burst"),
        Spoiling(side_px=7),
    ],
)
def test_a_result_that_fails_its_check_is_not_handed_over(engine: Spoiling) -> None:
    enhancement = DirectEnhancement(probe=MemoryProbe(), upscaler=engine)
    with pytest.raises(InvalidResult):
        enhancement.enhance(io.BytesIO(a_picture(SIZE)), Tier.TIER_1K)


def test_what_is_made_of_a_blank_picture_may_be_blank() -> None:
    enhancement = DirectEnhancement(probe=MemoryProbe(), upscaler=Spoiling("blank"))
    made = enhancement.enhance(io.BytesIO(a_picture(SIZE, flaw="blank")), Tier.TIER_1K)
    assert MemoryProbe().inspect(io.BytesIO(made.content)).is_blank
