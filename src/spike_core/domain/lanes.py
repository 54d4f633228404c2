"""Lanes: which jobs wait behind each other, so that those that take long never hold up those that don't."""

from enum import Enum
from typing import Final, assert_never

from spike_core.domain.jobs import JobOrder
from spike_core.domain.tasks import Blend, Enhancement, Generation, Modification
from spike_core.domain.tiers import Tier


class Lane(Enum):
    """One of the ways to the workers."""

    QUICK = "quick"  # enhancements and blends of at most a megapixel
    LONG = "long"  # all others: four or sixteen times the pixels, or a picture made from words

    @classmethod
    def of(cls, order: JobOrder) -> "Lane":
        """Return the lane of what was ordered."""
        match order.task:
            case Enhancement() | Blend():
                return _LANES[order.tier]
            case Generation() | Modification():
                return Lane.LONG
            case _:
                assert_never(order.task)


_LANES: Final = {Tier.FREE: Lane.QUICK, Tier.TIER_1K: Lane.QUICK, Tier.TIER_2K: Lane.LONG, Tier.TIER_4K: Lane.LONG}
