"""Pricing: what a tier is sold as, and for how much."""

from collections.abc import Mapping

from attrs import field, frozen

from spike_core.domain.catalog import SPECIFIED, Catalog
from spike_core.domain.errors import InvalidValue
from spike_core.domain.identifiers import ANONYMOUS, OwnerId
from spike_core.domain.orders import Order, Quote, TaskKind
from spike_core.domain.render_options import DEFAULT_OPTIONS, FAITHFUL_ONLY, Mode, RenderOptions
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
    modes: frozenset[Mode] = FAITHFUL_ONLY  # that the engine offers

    def quote(
        self, tier: Tier, kind: TaskKind, *, owner_id: OwnerId, options: RenderOptions = DEFAULT_OPTIONS
    ) -> Quote:
        """Return what a job at this tier, with these options, would be sold as now. FREE costs nothing.

        Raises:
            InvalidValue: the tier isn't on offer, or isn't FREE and there is no account; or the options can't be had.
            PricesUnavailable: the price can't be found out.
        """
        offer = self.catalog[tier]
        self.check_options(options, kind)
        if tier == Tier.FREE:
            return Quote(offer=offer, price=NO_TOKENS, options=options)
        if owner_id == ANONYMOUS:
            raise InvalidValue(what="tier", rule="must be FREE without an account")
        order = Order(offer=offer, kind=kind, options=options)
        return Quote(offer=offer, price=self.price_list.price(order, owner_id=owner_id), options=options)

    def check_options(self, options: RenderOptions, kind: TaskKind) -> None:
        """Check that a job of this kind can be done with these options.

        Raises:
            InvalidValue: the installation doesn't offer the mode, or only enhancements have strength and mode.
        """
        if kind in {TaskKind.GENERATION, TaskKind.MODIFICATION}:
            for what, is_given in (
                ("strength", options.strength is not None),
                ("mode", options.mode is not Mode.FAITHFUL),
            ):
                if is_given:
                    raise InvalidValue(what=what, rule="is for enhancements and blends only")
        if options.mode not in self.modes:
            offered = ", ".join(mode.value for mode in Mode if mode in self.modes)
            raise InvalidValue(what="mode", rule=f"must be {offered}: {options.mode.value} isn't installed here")

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
