"""The tiers in words."""

from collections.abc import Mapping
from typing import Final

from spike_http.openapi.limits import FILE_BYTES, PIXELS
from spike_http.openapi.texts.operation_text import OperationText

TIER_FIELD: Final = "The size of the result, and its price."
UPLOAD_TIER_FIELD: Final = "The tier to enhance at, in place of the album's or the default one."

TIERS: Final[Mapping[str, OperationText]] = {
    "listTiers": OperationText(
        summary="List the tiers",
        description="""
List the tiers that this service offers, in display order, with the longest side of their results in pixels and the
price in tokens of each kind of job: yours with credentials, everyone's without. A price is null for what can't be done at that tier.
`defaultTier` is the one of an upload that names none. `formats` are those that a result may be ordered in, `modes` those that the engine of
this service offers. A picture that is uploaded may have `fileBytesMax` bytes and `pixelsMax` pixels.
""",
        response={
            "tiers": [
                {
                    "tier": "TIER_2K",
                    "longestSide": 2048,
                    "prices": {"enhancement": 5, "blend": 5, "generation": 5, "modification": 5},
                }
            ],
            "defaultTier": "TIER_1K",
            "formats": ["jpeg", "png", "webp", "avif"],
            "modes": ["faithful"],
            "fileBytesMax": FILE_BYTES,
            "pixelsMax": PIXELS,
        },
    ),
}
