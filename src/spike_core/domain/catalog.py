"""The catalog: the tiers that are on offer, with their sizes and prices. It is data: an installation brings its own."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from attrs import field, frozen

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import InvalidValue
from spike_core.domain.priorities import Priority
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import NO_TOKENS, Tokens

RESULT_PIXELS_MAX: Final = 80_000_000  # of a result; uploads have a lower limit
TIERS_MAX: Final = 50  # of a catalog
TIER_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]{0,31}")
_QUICK_SIDE_PX_MAX: Final = 1024
_WORK_SHARE_MIN: Final = 0.1
_WORK_SHARE_MAX: Final = 100.0
_WHOLE_SHARE_SIDE_PX: Final = 4096


@frozen(kw_only=True)
class Offer:
    """What is sold under a tier's name.

    By default the priority follows from price and size, and the share of processor time from the size.

    Raises:
        InvalidValue: the name, the size or the share is out of range, or FREE has a price.
    """

    tier: Tier = field()
    longest_side_px: int = field()  # of the result, exactly
    price: Tokens = field()  # of one job, unless a price list says otherwise
    priority: Priority = field()  # of enhancements and blends; what is made from words has LOW
    work_share: float | None = field(default=None)  # of the processor time that a result of 4096 pixels may take

    @priority.default
    def _by_price_and_size(self) -> Priority:
        if not self.price:
            return Priority.FREE
        return Priority.HIGH if self.longest_side_px <= _QUICK_SIDE_PX_MAX else Priority.LOW

    @tier.validator
    def _has_a_name(self, _attribute: object, value: Tier) -> None:
        if not TIER_NAME.fullmatch(value.name):
            rule = "must have 1 to 32 capital letters, digits and underscores, and begin with a letter"
            raise InvalidValue(what=f"the tier name {value.name[:40]!r}", rule=rule)

    @longest_side_px.validator
    def _fits(self, _attribute: object, value: int) -> None:
        if value < 1:
            raise InvalidValue(what=f"longest_side_px of {self.tier}", rule="must be at least 1")
        if value * value > RESULT_PIXELS_MAX:
            side_px = math.isqrt(RESULT_PIXELS_MAX)
            rule = (
                f"must be at most {side_px}, not {value}: a square picture would exceed the limit of "
                f"{RESULT_PIXELS_MAX} pixels (RESULT_PIXELS_MAX)"
            )
            raise InvalidValue(what=f"longest_side_px of {self.tier}", rule=rule)

    @price.validator
    def _free_is_free(self, _attribute: object, value: Tokens) -> None:
        if value and self.tier == Tier.FREE:
            raise InvalidValue(what="price of FREE", rule="must be 0: requests without an account have this tier")

    @work_share.validator
    def _is_a_share(self, _attribute: object, value: float | None) -> None:
        if value is not None and not 0 < value <= _WORK_SHARE_MAX:
            raise InvalidValue(what=f"work_share of {self.tier}", rule=f"must be above 0, at most {_WORK_SHARE_MAX:g}")

    def output_size(self, original: Dimensions) -> Dimensions:
        """Return the size of the result for an original of this size."""
        return original.scaled_to(self.longest_side_px)


def _in_order(offers: Iterable[Offer]) -> tuple[Offer, ...]:
    return tuple(offers)


@frozen
class Catalog:
    """The offers, in the order in which clients see them, one for each tier.

    >>> shop = Catalog([*SPECIFIED, Offer(tier=Tier("TIER_8K"), longest_side_px=8192, price=Tokens(40))])
    >>> str(shop[Tier("TIER_8K")].output_size(Dimensions(width_px=3000, height_px=2000)))
    '8192x5461'
    >>> shop.parse("TIER_9K")
    Traceback (most recent call last):
    spike_core.domain.errors.InvalidValue: ...

    Raises:
        InvalidValue: there is no offer, there are more than `TIERS_MAX`, or a tier occurs twice.
    """

    offers: tuple[Offer, ...] = field(converter=_in_order)

    @offers.validator
    def _has_each_tier_once(self, _attribute: object, value: tuple[Offer, ...]) -> None:
        if not 1 <= len(value) <= TIERS_MAX or len({offer.tier for offer in value}) != len(value):
            raise InvalidValue(what="a catalog", rule=f"must have 1 to {TIERS_MAX} different tiers")

    def __iter__(self) -> Iterator[Offer]:
        """Iterate over the offers."""
        return iter(self.offers)

    def __contains__(self, tier: Tier) -> bool:
        """Return whether the tier is on offer."""
        return any(offer.tier == tier for offer in self.offers)

    def __getitem__(self, tier: Tier) -> Offer:
        """Return what is sold under this name.

        Raises:
            InvalidValue: the tier isn't on offer; the rule lists those that are.
        """
        for offer in self.offers:
            if offer.tier == tier:
                return offer
        names = ", ".join(map(str, self.tiers))
        raise InvalidValue(what="tier", rule=f"must be one of {names}")

    def parse(self, text: str) -> Tier:
        """Return the tier of this name.

        Raises:
            InvalidValue: no such tier is on offer.
        """
        return self[Tier(text)].tier

    @property
    def tiers(self) -> Sequence[Tier]:
        """The tiers that are on offer."""
        return [offer.tier for offer in self.offers]

    @property
    def paid(self) -> Sequence[Offer]:
        """The offers for those who have an account: all but FREE."""
        return [offer for offer in self.offers if offer.tier != Tier.FREE]

    @property
    def default(self) -> Offer:
        """The offer for uploads and albums that name no tier: TIER_1K, or else the first that isn't FREE."""
        if Tier.TIER_1K in self:
            return self[Tier.TIER_1K]
        return self.paid[0] if self.paid else self.offers[0]

    @property
    def largest_work_share(self) -> float:
        """The largest share of any offer, at least 1: what the limits of one attempt have to be multiplied by."""
        return max(1.0, *(self.work_share(offer.longest_side_px) for offer in self.offers))

    def work_share(self, longest_side_px: int) -> float:
        """Return what a result of this longest side may take, as a share of the processor time of one of 4096 pixels.

        It is that of the offers of this size. By default it grows with the result's pixels, above 1 for larger results;
        small ones have a tenth at least, since originals are as large at any tier.
        """
        own = [offer.work_share for offer in self.offers if offer.longest_side_px == longest_side_px]
        if given := [share for share in own if share is not None]:
            return max(given)
        return max(_WORK_SHARE_MIN, (longest_side_px / _WHOLE_SHARE_SIDE_PX) ** 2)

    def work_share_of(self, tier: Tier) -> float:
        """Return the share of a job at this tier. One that isn't on offer any more may have the largest size."""
        return self.work_share(self[tier].longest_side_px) if tier in self else self.largest_work_share


SPECIFIED: Final = Catalog(
    [
        Offer(tier=Tier.FREE, longest_side_px=1024, price=NO_TOKENS),
        Offer(tier=Tier.TIER_1K, longest_side_px=1024, price=Tokens(2)),
        Offer(tier=Tier.TIER_2K, longest_side_px=2048, price=Tokens(5)),
        Offer(tier=Tier.TIER_4K, longest_side_px=4096, price=Tokens(10)),
    ]
)
