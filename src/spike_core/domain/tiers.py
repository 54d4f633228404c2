"""Tiers: the names of the sizes that can be ordered. `catalog` says what is sold under each name."""

from typing import ClassVar

from attrs import frozen


@frozen
class Tier:
    """A tier, by the name that the API has for it. Its size and its price are those of the catalog's offer."""

    name: str

    FREE: ClassVar["Tier"]
    TIER_1K: ClassVar["Tier"]
    TIER_2K: ClassVar["Tier"]
    TIER_4K: ClassVar["Tier"]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


Tier.FREE = Tier("FREE")
Tier.TIER_1K = Tier("TIER_1K")
Tier.TIER_2K = Tier("TIER_2K")
Tier.TIER_4K = Tier("TIER_4K")
