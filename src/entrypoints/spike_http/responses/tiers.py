"""The response that lists the tiers."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Self

from attrs import frozen

from spike_core.domain.catalog import Catalog
from spike_core.domain.limits import UploadLimits
from spike_core.domain.orders import TaskKind
from spike_core.domain.render_options import OUTPUT_FORMATS, Mode
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
    formats: Sequence[str]  # that a result may be ordered in
    modes: Sequence[Mode]  # that the engine offers
    file_bytes_max: int  # of a picture that is uploaded
    pixels_max: int

    @classmethod
    def of(
        cls,
        catalog: Catalog,
        prices: Callable[[Tier], Mapping[TaskKind, Tokens]],
        *,
        modes: Collection[Mode],
        limits: UploadLimits,
    ) -> Self:
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
            formats=[format_.value.lower() for format_ in OUTPUT_FORMATS],
            modes=[mode for mode in Mode if mode in modes],
            file_bytes_max=limits.file_bytes,
            pixels_max=limits.pixels,
        )
