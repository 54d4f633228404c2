import pytest
from hypothesis import given
from hypothesis import strategies as st

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import InvalidValue
from spike_core.domain.tiers import Tier

NAMES = {tier.value for tier in Tier}


@pytest.mark.parametrize(
    ("name", "price", "longest_side_px"),
    [("FREE", 0, 1024), ("TIER_1K", 2, 1024), ("TIER_2K", 5, 2048), ("TIER_4K", 10, 4096)],
)
def test_prices_and_sizes_are_the_contracts(name: str, price: int, longest_side_px: int) -> None:
    tier = Tier.parse(name)
    assert (tier.price.amount, tier.longest_side_px) == (price, longest_side_px)


@pytest.mark.parametrize("tier", Tier)
def test_each_tier_is_parsed_from_its_name(tier: Tier) -> None:
    assert Tier.parse(tier.value) is tier


@given(st.text().filter(lambda text: text not in NAMES) | st.sampled_from(["tier_1k", " TIER_1K", "TIER_1K\n", "1K"]))
def test_any_other_text_is_refused_and_the_choice_is_told(text: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        Tier.parse(text)
    assert all(name in str(refusal.value) for name in NAMES)


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("size", [Dimensions(width_px=1, height_px=9), Dimensions(width_px=9000, height_px=5000)])
def test_the_result_has_the_tiers_longest_side(tier: Tier, size: Dimensions) -> None:
    assert tier.output_size(size).longest_side_px == tier.longest_side_px
