import pytest
from hypothesis import given
from hypothesis import strategies as st

from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import InvalidValue
from spike_core.domain.tiers import Tier

NAMES = {tier.name for tier in SPECIFIED.tiers}


@pytest.mark.parametrize(
    ("name", "price", "longest_side_px"),
    [("FREE", 0, 1024), ("TIER_1K", 2, 1024), ("TIER_2K", 5, 2048), ("TIER_4K", 10, 4096)],
)
def test_prices_and_sizes_are_the_contracts(name: str, price: int, longest_side_px: int) -> None:
    tier = SPECIFIED.parse(name)
    assert (SPECIFIED[tier].price.amount, SPECIFIED[tier].longest_side_px) == (price, longest_side_px)


@pytest.mark.parametrize("tier", SPECIFIED.tiers)
def test_each_tier_is_parsed_from_its_name(tier: Tier) -> None:
    assert SPECIFIED.parse(tier.name) == tier


@given(st.text().filter(lambda text: text not in NAMES) | st.sampled_from(["tier_1k", " TIER_1K", "TIER_1K\n", "1K"]))
def test_any_other_text_is_refused_and_the_choice_is_told(text: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        SPECIFIED.parse(text)
    assert all(name in str(refusal.value) for name in NAMES)


@pytest.mark.parametrize("tier", SPECIFIED.tiers)
@pytest.mark.parametrize("size", [Dimensions(width_px=1, height_px=9), Dimensions(width_px=9000, height_px=5000)])
def test_the_result_has_the_tiers_longest_side(tier: Tier, size: Dimensions) -> None:
    assert SPECIFIED[tier].output_size(size).longest_side_px == SPECIFIED[tier].longest_side_px
