"""Pricing: what a tier is sold as, and for how much."""

from collections.abc import Mapping

from attrs import field, frozen

from spike_core.domain.catalog import SPECIFIED, Catalog
from spike_core.domain.errors import InvalidValue
from spike_core.domain.identifiers import ANONYMOUS, OwnerId
from spike_core.domain.orders import Order, Quote, TaskKind
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.ports.price_list import PriceList


@frozen
class CatalogPrices:
    """The price list of an installation whose prices depend on the tier alone."""

    def price(self, order: Order, *, owner_id: OwnerId) -> Tokens:  # noqa: ARG002  # the port's
        """Return the offer's own price."""
        return order.offer.price


@frozen(kw_only=True)
class Pricing:
    """Quotes prices, outside of transactions: a price list may do I/O."""

    catalog: Catalog = SPECIFIED
    price_list: PriceList = field(factory=CatalogPrices)

    def quote(self, tier: Tier, kind: TaskKind, *, owner_id: OwnerId) -> Quote:
        """Return what a job at this tier would be sold as now. FREE costs nothing.

        Raises:
            InvalidValue: the tier isn't on offer, or isn't FREE and there is no account.
            PricesUnavailable: the price can't be found out.
        """
        offer = self.catalog[tier]
        if tier == Tier.FREE:
            return Quote(offer=offer, price=NO_TOKENS)
        if owner_id == ANONYMOUS:
            raise InvalidValue(what="tier", rule="must be FREE without an account")
        return Quote(offer=offer, price=self.price_list.price(Order(offer=offer, kind=kind), owner_id=owner_id))

    def prices(self, tier: Tier, owner_id: OwnerId | None) -> Mapping[TaskKind, Tokens]:
        """Return the price of each kind of job that can be done at a tier: the owner's, or without one the catalog's.

        Raises:
            InvalidValue: the tier isn't on offer.
            PricesUnavailable: a price can't be found out.
        """
        kinds = (TaskKind.ENHANCEMENT, TaskKind.BLEND) if tier == Tier.FREE else tuple(TaskKind)
        if owner_id is None:
            return dict.fromkeys(kinds, self.catalog[tier].price)
        return {kind: self.quote(tier, kind, owner_id=owner_id).price for kind in kinds}
