"""The weights of the networks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spike_ncnn.blend_weights import LANCZOS, SHARE_MIN, recipe, second_pass
from spike_ncnn.degradation import CLEAN, Degradation
from spike_ncnn.noise import NoiseEstimate

deviations = st.floats(0, 80)
degradations = st.builds(
    Degradation,
    quality=st.floats(1, 100),
    noise=st.builds(NoiseEstimate, quiet=deviations, color=deviations, coarse=deviations),
)
networks = st.sets(st.sampled_from(["span", "span-x4", "waifu2x-0", "waifu2x-3"]))


def validated(*, quality: float = 100, noise: float = 0) -> Degradation:
    """Return the degradation of a photograph with this much sensor noise."""
    return Degradation(
        quality=quality, noise=NoiseEstimate(quiet=0.5 + 0.5 * noise, color=0.4 + noise, coarse=1.5 + 0.25 * noise)
    )


@given(degradations, st.sampled_from([2, 4]), networks)
def test_shares_add_up_to_one_and_none_is_a_trifle(degradation: Degradation, factor: int, available: set[str]) -> None:
    shares = recipe(degradation, factor=factor, available=available)
    assert sum(shares.values()) == pytest.approx(1)
    assert min(shares.values()) >= SHARE_MIN
    assert set(shares) <= available | {LANCZOS}


@given(degradations, networks)
def test_a_second_pass_uses_what_is_there(degradation: Degradation, available: set[str]) -> None:
    assert set(second_pass(recipe(degradation, factor=4, available=available), available=available)) <= available


def test_a_clean_photograph_is_for_the_sharpest_network() -> None:
    assert recipe(validated(), factor=2)["span"] > 0.8
    assert recipe(validated(), factor=4) == {"span-x4": 1.0}


@pytest.mark.parametrize(
    "degradation", [validated(quality=30), validated(quality=50), validated(noise=15), validated(noise=25)]
)
def test_a_bad_photograph_is_for_the_network_that_smooths_most(degradation: Degradation) -> None:
    assert recipe(degradation, factor=2)["waifu2x-3"] > 0.9
    assert "span-x4" not in recipe(degradation, factor=4)


def test_the_worse_the_compression_the_more_is_smoothed() -> None:
    shares = [recipe(validated(quality=quality), factor=2).get("waifu2x-3", 0) for quality in (100, 95, 90, 80, 70, 50)]
    assert shares == sorted(shares)


def test_without_the_sharpest_network_the_others_take_its_share() -> None:
    assert recipe(validated(), factor=2, available=["waifu2x-0", "waifu2x-3"])["waifu2x-0"] > 0.8
    assert recipe(validated(), factor=4, available=["waifu2x-0", "waifu2x-3"])["waifu2x-0"] > 0.8


def test_too_little_to_judge_is_enlarged_as_clean() -> None:
    assert recipe(CLEAN, factor=2)
