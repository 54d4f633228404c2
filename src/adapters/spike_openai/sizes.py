"""The sizes that are requested from a server; results are fitted to the wanted size."""

import math
from typing import Final

from spike_core.domain.dimensions import Dimensions

# supported by all of OpenAI's GPT image models
SIZES: Final = (
    Dimensions(width_px=1024, height_px=1024),
    Dimensions(width_px=1536, height_px=1024),
    Dimensions(width_px=1024, height_px=1536),
)


def asked_for(size: Dimensions) -> Dimensions:
    """Return the size to request: that of `SIZES` with the nearest aspect ratio, by the quotient of the two."""
    return min(SIZES, key=lambda offered: abs(math.log(_aspect(offered) / _aspect(size))))


def _aspect(size: Dimensions) -> float:
    return size.width_px / size.height_px
