"""Tiers in the settings file."""

from pathlib import Path
from typing import Any

import pytest

from spike_core.domain.catalog import RESULT_PIXELS_MAX, SPECIFIED, Catalog, Offer
from spike_core.domain.errors import InvalidValue
from spike_core.domain.priorities import Priority
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_runtime import Settings, WrongSettings, load_settings
from spike_runtime.settings import CONFIG_VARIABLE

EIGHT_K: dict[str, Any] = {"longest_side_px": 8192, "price": 40}


def test_without_tables_the_tiers_are_the_specifications() -> None:
    assert Settings().catalog == SPECIFIED
    assert [
        (str(offer.tier), offer.price.amount, offer.longest_side_px, offer.priority.value) for offer in SPECIFIED
    ] == [
        ("FREE", 0, 1024, "free"),
        ("TIER_1K", 2, 1024, "quick"),
        ("TIER_2K", 5, 2048, "long"),
        ("TIER_4K", 10, 4096, "long"),
    ]


def test_tables_add_change_and_remove_tiers() -> None:
    tables = {
        "TIER_8K": EIGHT_K,
        "TIER_3K": {"longest_side_px": 3072, "price": 7, "queue": "quick", "work_share": 0.5},
        "TIER_1K": {"price": 3},
        "TIER_4K": {"offered": False},
    }
    assert list(Settings(tiers=tables).catalog) == [
        SPECIFIED[Tier.FREE],
        Offer(tier=Tier.TIER_1K, longest_side_px=1024, price=Tokens(3)),
        SPECIFIED[Tier.TIER_2K],
        Offer(tier=Tier("TIER_3K"), longest_side_px=3072, price=Tokens(7), priority=Priority.HIGH, work_share=0.5),
        Offer(tier=Tier("TIER_8K"), longest_side_px=8192, price=Tokens(40)),
    ]


@pytest.mark.parametrize(
    ("name", "table", "complaint"),
    [
        ("TIER_9K", {"longest_side_px": 9216, "price": 50}, rf"TIER_9K.*at most 8944, not 9216.*{RESULT_PIXELS_MAX}"),
        ("TIER_8K", {"price": 40}, "TIER_8K.*longest_side_px is missing"),
        ("TIER_8K", {"longest_side_px": 8192}, "TIER_8K.*price is missing"),
        ("TIER_8K", {**EIGHT_K, "price": "40"}, "TIER_8K.*price must be a whole number, not '40'"),
        ("TIER_8K", {**EIGHT_K, "price": True}, "TIER_8K.*price must be a whole number"),
        ("TIER_8K", {**EIGHT_K, "price": -1}, "TIER_8K"),
        ("TIER_8K", {**EIGHT_K, "longest_side_px": 0}, "TIER_8K.*at least 1"),
        ("TIER_8K", {**EIGHT_K, "queue": "fast"}, "TIER_8K.*queue must be one of quick, long, free, not 'fast'"),
        ("TIER_8K", {**EIGHT_K, "work_share": 101}, "TIER_8K.*work_share"),
        ("TIER_8K", {**EIGHT_K, "work_share": "all"}, "TIER_8K.*work_share must be a number"),
        ("TIER_8K", {**EIGHT_K, "offered": "no"}, "TIER_8K.*offered must be true or false"),
        ("TIER_8K", {**EIGHT_K, "prize": 3}, "TIER_8K.*prize isn't a setting of a tier"),
        ("tier 8k", EIGHT_K, "tier 8k.*capital letters"),
        ("FREE", {"price": 1}, "FREE.*must be 0"),
    ],
)
def test_a_wrong_table_is_refused_and_names_its_tier(name: str, table: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Settings(tiers={name: table})


def test_a_catalog_without_tiers_is_refused() -> None:
    with pytest.raises(ValueError, match=r"spike\.tiers"):
        Settings(tiers={offer.tier.name: {"offered": False} for offer in SPECIFIED})
    with pytest.raises(InvalidValue, match="different tiers"):
        Catalog([SPECIFIED[Tier.TIER_1K], SPECIFIED[Tier.TIER_1K]])


def test_a_file_has_tables_of_tiers_and_a_wrong_one_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "spike.toml"
    monkeypatch.setenv(CONFIG_VARIABLE, str(file))
    file.write_text("[spike.tiers.TIER_8K]\nlongest_side_px = 8192\nprice = 40\n", encoding="utf-8")
    assert load_settings().catalog[Tier("TIER_8K")].price == Tokens(40)
    file.write_text("[spike.tiers.TIER_9K]\nlongest_side_px = 9216\nprice = 40\n", encoding="utf-8")
    with pytest.raises(WrongSettings, match=rf"TIER_9K.*{RESULT_PIXELS_MAX} pixels"):
        load_settings()


def test_without_tier_1k_the_default_is_the_first_that_isnt_free() -> None:
    assert Settings(tiers={"TIER_1K": {"offered": False}}).catalog.default.tier == Tier.TIER_2K
    only_free = Catalog([Offer(tier=Tier.FREE, longest_side_px=1024, price=NO_TOKENS)])
    assert only_free.default.tier == Tier.FREE
