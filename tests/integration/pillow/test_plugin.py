"""The entry point."""

import io

from pictures import encoded, photograph
from spike_core.domain.dimensions import Dimensions
from spike_pillow import classical_engine


def test_the_engine_that_is_opened_enhances_and_judges() -> None:
    engine = classical_engine()
    size = Dimensions(width_px=200, height_px=150)
    picture = engine.upscaler.enhance(io.BytesIO(encoded(photograph(size=(100, 75)))), size=size)
    assert engine.probe.inspect(io.BytesIO(picture.content)).dimensions == size
