"""The response that lists the tiers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Self

from attrs import frozen

from spike_core.domain.catalog import Catalog
from spike_core.domain.orders import TaskKind
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens


@frozen(kw_only=True)
class TierPricesView:
    """The prices of a tier, in tokens; null for what can't be done at it."""

    enhancement: Tokens | None
    blend: Tokens | None
    generation: Tokens | None
    modification: Tokens | None

    @classmethod
    def of(cls, prices: Mapping[TaskKind, Tokens]) -> Self:
        """Return the view of these prices."""
        return cls(
            enhancement=prices.get(TaskKind.ENHANCEMENT),
            blend=prices.get(TaskKind.BLEND),
            generation=prices.get(TaskKind.GENERATION),
            modification=prices.get(TaskKind.MODIFICATION),
        )


@frozen(kw_only=True)
class TierOfferView:
    """A tier that is on offer."""

    tier: Tier
    longest_side: int
    prices: TierPricesView


@frozen(kw_only=True)
class TiersView:
    """The tiers on offer."""

    tiers: Sequence[TierOfferView]
    default_tier: Tier

    @classmethod
    def of(cls, catalog: Catalog, prices: Callable[[Tier], Mapping[TaskKind, Tokens]]) -> Self:
        """Return the view of a catalog."""
        return cls(
            tiers=[
                TierOfferView(
                    tier=offer.tier,
                    longest_side=offer.longest_side_px,
                    prices=TierPricesView.of(prices(offer.tier)),
                )
                for offer in catalog
            ],
            default_tier=catalog.default.tier,
        )
