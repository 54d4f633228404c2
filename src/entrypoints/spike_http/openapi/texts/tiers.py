"""The tiers in words, and as a table."""

from typing import Final

from spike_core.domain.tiers import Tier

TIER_FIELD: Final = "The size of the result, and its price."
TIER_TABLE: Final = "\n".join(
    [
        "| Tier | Tokens | Longest side |",
        "|---|---|---|",
        *(f"| `{tier.value}` | {tier.price} | {tier.longest_side_px} px |" for tier in Tier),
    ]
)
