"""The options of results in words."""

from collections.abc import Mapping
from typing import Final

OUTPUT_TEXTS: Final[Mapping[str, str]] = {
    "format": "The format of the result. Without one: JPEG, or PNG where there is transparency, which becomes white in an ordered JPEG.",
    "quality": "1 to 100; by default 95 for JPEG and WebP, 90 for AVIF. A WebP of 100 is lossless. PNG always is, and takes no quality.",
}
OPTION_TEXTS: Final[Mapping[str, str]] = {
    **OUTPUT_TEXTS,
    "strength": "How strongly noise is reduced, 0 to 100. Without it, as much as the picture needs. An engine that reduces none ignores it.",
    "mode": "`vivid` invents plausible detail; `GET /api/tiers` says whether it is installed.",
}
