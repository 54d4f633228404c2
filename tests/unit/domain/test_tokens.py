import pytest
from hypothesis import given
from hypothesis import strategies as st

from spike_core.domain.errors import InvalidValue
from spike_core.domain.tokens import NO_TOKENS, TOKENS_MAX, Tokens

amounts = st.integers(min_value=0, max_value=TOKENS_MAX // 2)


@given(st.integers(max_value=-1) | st.integers(min_value=TOKENS_MAX + 1))
def test_an_amount_out_of_range_is_refused(amount: int) -> None:
    with pytest.raises(InvalidValue):
        Tokens(amount)


@pytest.mark.parametrize("amount", [True, False, 1.0, "1", None])
def test_what_is_not_a_whole_number_is_refused(amount: int) -> None:
    """`isinstance(True, int)` holds, so the type is compared exactly."""
    with pytest.raises(InvalidValue):
        Tokens(amount)


@pytest.mark.parametrize("amount", [0, 1, TOKENS_MAX])
def test_both_ends_of_the_range_are_tokens(amount: int) -> None:
    assert Tokens(amount).amount == amount


@given(amounts, amounts)
def test_adding_and_taking_away_are_those_of_numbers(one: int, other: int) -> None:
    assert Tokens(one) + Tokens(other) == Tokens(one + other)
    assert (Tokens(one) + Tokens(other)) - Tokens(other) == Tokens(one)


@given(amounts, amounts)
def test_the_order_is_that_of_the_amounts(one: int, other: int) -> None:
    assert (Tokens(one) < Tokens(other)) == (one < other)
    assert (Tokens(one) >= Tokens(other)) == (one >= other)
    assert (Tokens(one) == Tokens(other)) == (one == other)


@given(amounts, st.integers(min_value=1, max_value=TOKENS_MAX // 2))
def test_taking_away_more_than_there_is_is_refused(amount: int, more: int) -> None:
    with pytest.raises(InvalidValue):
        Tokens(amount) - Tokens(amount + more)


def test_a_sum_beyond_what_json_holds_exactly_is_refused() -> None:
    with pytest.raises(InvalidValue):
        Tokens(TOKENS_MAX) + Tokens(1)


def test_only_no_tokens_are_false() -> None:
    assert not NO_TOKENS
    assert Tokens(1)


def test_tokens_are_written_as_their_number() -> None:
    assert str(Tokens(12)) == "12"
