"""Tiers: the sizes that can be ordered and their prices."""

from enum import Enum
from typing import Final, Self

from spike_core.domain.choices import parse_choice
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.tokens import Tokens


class Tier(Enum):
    """An enhancement tier. The names are the API's."""

    FREE = "FREE"
    TIER_1K = "TIER_1K"
    TIER_2K = "TIER_2K"
    TIER_4K = "TIER_4K"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the tier of this name.

        Raises:
            InvalidValue: there is no such tier.
        """
        return parse_choice(cls, text, what="tier")

    @property
    def price(self) -> Tokens:
        """The price of one job at this tier."""
        return _PRICES[self]

    @property
    def longest_side_px(self) -> int:
        """The exact longest side of the result, in pixels."""
        return _LONGEST_SIDES_PX[self]

    @property
    def work_share(self) -> float:
        """The share of the largest tier's processor time that one job may take."""
        return work_share(self.longest_side_px)

    def output_size(self, original: Dimensions) -> Dimensions:
        """Return the size of the result for an original of this size."""
        return original.scaled_to(self.longest_side_px)


def work_share(longest_side_px: int) -> float:
    """Return the share of the largest tier's processor time that a result of this longest side may take.

    It grows with the result's pixels. Small results have a tenth at least, since originals are as large at any tier.
    """
    return min(1.0, max(_WORK_SHARE_MIN, (longest_side_px / _LARGEST_SIDE_PX) ** 2))


_WORK_SHARE_MIN: Final = 0.1
_PRICES: Final = {
    Tier.FREE: Tokens(0),
    Tier.TIER_1K: Tokens(2),
    Tier.TIER_2K: Tokens(5),
    Tier.TIER_4K: Tokens(10),
}
_LONGEST_SIDES_PX: Final = {
    Tier.FREE: 1024,
    Tier.TIER_1K: 1024,
    Tier.TIER_2K: 2048,
    Tier.TIER_4K: 4096,
}
_LARGEST_SIDE_PX: Final = max(_LONGEST_SIDES_PX.values())
