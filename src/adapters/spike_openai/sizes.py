"""Sizes: what a server is asked for, whatever is wanted in the end."""

import math
from typing import Final

from spike_core.domain.dimensions import Dimensions

# what all of OpenAI's GPT image models make
SIZES: Final = (
    Dimensions(width_px=1024, height_px=1024),
    Dimensions(width_px=1536, height_px=1024),
    Dimensions(width_px=1024, height_px=1536),
)


def asked_for(size: Dimensions) -> Dimensions:
    """Return the size to ask for: that of `SIZES` whose aspect is nearest, by the ratio of the two."""
    return min(SIZES, key=lambda offered: abs(math.log(_aspect(offered) / _aspect(size))))


def _aspect(size: Dimensions) -> float:
    return size.width_px / size.height_px
