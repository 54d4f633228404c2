"""The tiers in the document: types and texts mark where they stand, and each service fills in its own catalog."""

import re
from collections.abc import Mapping
from typing import Any, Final

from spike_core.domain.catalog import SPECIFIED, Catalog
from spike_core.domain.tiers import Tier
from spike_http.openapi.notes import JsonSchema

_MARK: Final = "x-tiers"
ANY_TIER: Final[JsonSchema] = {"type": "string", _MARK: "all"}
SOLD_TIER: Final[JsonSchema] = {"type": "string", _MARK: "sold"}  # in answers; also what is no longer on offer
PAID_TIER: Final[JsonSchema] = {"type": "string", _MARK: "paid"}
PRICING: Final[JsonSchema] = {_MARK: "pricing"}
PRICING_SCHEMA: Final[JsonSchema] = {_MARK: "pricing-schema"}
TIER_NAMES: Final = "⟨tiers⟩"
TIER_TABLE: Final = "⟨table of tiers⟩"
FREE_BLENDS: Final = "⟨free blends⟩"
_COSTS: Final = ("tokensCost", "tokenCost")
_SPECIFIED: Final = re.compile(r"\bTIER_[124]K\b")


def with_tiers(node: Any, catalog: Catalog) -> Any:  # noqa: PLR0911  # one for each kind of node
    """Return a part of the document with the catalog's tiers. Examples name none that isn't on offer."""
    match node:
        case {"x-tiers": "pricing"}:
            return _pricing(catalog)
        case {"x-tiers": "pricing-schema"}:
            return {name: {"const": amount} for name, amount in _pricing(catalog).items()}
        case {"x-tiers": which}:
            offers = catalog.paid if which == "paid" else catalog.offers
            schema = {key: value for key, value in node.items() if key != _MARK}
            names = [offer.tier.name for offer in offers]
            return {**with_tiers(schema, catalog), "examples" if which == "sold" else "enum": names}
        case dict():
            return _priced(
                {with_tiers(key, catalog): with_tiers(value, catalog) for key, value in node.items()}, catalog
            )
        case list() | tuple():
            return [with_tiers(each, catalog) for each in node]
        case str():
            return _worded(node, catalog)
        case _:
            return node


def tier_table(catalog: Catalog) -> str:
    """Return the tiers as a table in Markdown."""
    rows = [f"| `{offer.tier}` | {offer.price} | {offer.longest_side_px} px |" for offer in catalog]
    return "\n".join(["| Tier | Tokens | Longest side |", "|---|---|---|", *rows])


def _pricing(catalog: Catalog) -> Mapping[str, int]:
    return {offer.tier.name: offer.price.amount for offer in catalog.paid}


def _priced(node: dict[str, Any], catalog: Catalog) -> dict[str, Any]:
    """Return an example of a job with its tier's price; anything else as it is."""
    price = next((offer.price.amount for offer in catalog if offer.tier.name == node.get("tier")), None)
    return node | {key: price for key in _COSTS if price is not None and node.get(key)}


def _worded(text: str, catalog: Catalog) -> str:
    if "⟨" in text:
        text = text.replace(TIER_TABLE, tier_table(catalog)).replace(TIER_NAMES, ", ".join(map(str, catalog.tiers)))
        text = text.replace(FREE_BLENDS, ", and blend them at the FREE tier" if Tier.FREE in catalog else "")
    if catalog is SPECIFIED or "TIER_" not in text:
        return text
    offered = {tier.name for tier in catalog.tiers}
    return _SPECIFIED.sub(lambda found: found[0] if found[0] in offered else catalog.default.tier.name, text)
