"""Tiers in the settings file: tables such as `[spike.tiers.TIER_8K]`, which change the specification's catalog."""

from collections.abc import Mapping
from typing import Any, Final

from spike_core.domain.catalog import SPECIFIED, Catalog, Offer
from spike_core.domain.errors import InvalidValue
from spike_core.domain.priorities import Priority
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens

_KEYS: Final = ("longest_side_px", "price", "queue", "work_share", "offered")


def catalog_of(tables: Mapping[str, Mapping[str, Any]]) -> Catalog:
    """Return the specification's tiers as these tables change them, with new ones, ordered by size and price.

    Raises:
        ValueError: a table isn't valid; the message names the tier.
    """
    if not tables:
        return SPECIFIED
    offers = {offer.tier.name: offer for offer in SPECIFIED}
    for name, table in tables.items():
        try:
            offer = _offer(Tier(name), table, offers.get(name))
        except (InvalidValue, ValueError) as error:
            raise ValueError(f"[spike.tiers.{name}]: {error}") from error
        offers.pop(name, None)
        if offer is not None:
            offers[name] = offer
    try:
        return Catalog(sorted(offers.values(), key=lambda offer: (offer.longest_side_px, offer.price.amount)))
    except InvalidValue as error:
        raise ValueError(f"[spike.tiers]: {error}") from error


def _offer(tier: Tier, table: Mapping[str, Any], specified: Offer | None) -> Offer | None:
    """Return what is sold, or `None` for a tier that isn't."""
    if not isinstance(table, Mapping):
        raise ValueError("must be a table")  # noqa: TRY004  # as for all settings
    if unknown := [key for key in table if key not in _KEYS]:
        raise ValueError(f"{unknown[0]} isn't a setting of a tier; there are {', '.join(_KEYS)}")
    offered = table.get("offered", True)
    if not isinstance(offered, bool):
        raise ValueError("offered must be true or false")  # noqa: TRY004
    if not offered:
        return None
    chosen: dict[str, Any] = {}
    if "queue" in table:
        chosen["priority"] = _priority(table["queue"])
    if "work_share" in table:
        chosen["work_share"] = _share(table["work_share"])
    return Offer(
        tier=tier,
        longest_side_px=_whole(table, "longest_side_px", None if specified is None else specified.longest_side_px),
        price=Tokens(_whole(table, "price", None if specified is None else specified.price.amount)),
        **chosen,
    )


def _whole(table: Mapping[str, Any], key: str, otherwise: int | None) -> int:
    value = table.get(key, otherwise)
    if value is None:
        raise ValueError(f"{key} is missing")
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{key} must be a whole number, not {value!r}")  # noqa: TRY004
    return value


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"work_share must be a number, not {value!r}")  # noqa: TRY004
    return float(value)


def _priority(value: object) -> Priority:
    for priority in Priority:
        if priority.value == value:
            return priority
    raise ValueError(f"queue must be one of {', '.join(each.value for each in Priority)}, not {value!r}")
