from datetime import datetime, timedelta, timezone

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from spike_contracts.api_keys import an_api_key
from spike_contracts.builders import NOON
from spike_contracts.users import a_user
from spike_core.domain.api_keys import ApiKeyName, ApiKeyRules, Month, check_room, parse_scopes
from spike_core.domain.errors import ApiKeyLimitReached, InvalidValue, TooManyApiKeys, Unauthenticated
from spike_core.domain.limits import API_KEY_LIMIT_MAX, API_KEY_NAME_CHARS_MAX, API_KEYS_ACTIVE_MAX
from spike_core.domain.tokens import Tokens


@pytest.mark.parametrize("text", ["ci", " two words ", "Jürgen's \N{SNOWMAN}", "é" * 100, "<b>", "\N{FAMILY}\u200d"])
def test_a_name_stays_as_it_was_given(text: str) -> None:
    assert str(ApiKeyName.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", " ", "\u3000\t", "a" * 101, "a\nb", "a\x00", "a\x7f", "a\x85", "a\u2028b", "a\u2029", "a\ud800"]
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        ApiKeyName.parse(text)
    assert refused.value.what == "name"


@given(st.text(st.characters(), max_size=API_KEY_NAME_CHARS_MAX + 5))
def test_a_name_that_parses_is_one_line_and_can_be_stored(text: str) -> None:
    try:
        name = ApiKeyName.parse(text)
    except InvalidValue:
        return
    assert name.text.encode().decode() == name.text
    assert len(name.text.splitlines()) == 1
    assert name.text.strip()
    assert len(name.text) <= API_KEY_NAME_CHARS_MAX


def test_a_key_speaks_for_its_user_until_it_is_revoked() -> None:
    key = an_api_key(a_user())
    assert key.is_active(now=NOON)
    assert key.check_active(now=NOON) is key
    revoked = key.revoke(now=NOON)
    assert not revoked.is_active(now=NOON)
    with pytest.raises(Unauthenticated):
        revoked.check_active(now=NOON)


def test_a_key_speaks_for_its_user_until_the_moment_it_expires() -> None:
    key = evolve(an_api_key(a_user()), expires_at=NOON)
    assert key.check_active(now=NOON - timedelta(microseconds=1)) is key
    assert not key.is_active(now=NOON)
    with pytest.raises(Unauthenticated):
        key.check_active(now=NOON)


@pytest.mark.parametrize("names", [[], ["write"], ["read", "write"], ["READ"], [""]])
def test_what_is_no_scope_is_refused(names: list[str]) -> None:
    with pytest.raises(InvalidValue):
        parse_scopes(names)


def test_a_key_has_a_scope() -> None:
    with pytest.raises(ValueError, match="scopes"):
        evolve(an_api_key(a_user()), scopes=frozenset())


@given(st.integers(1, 100), st.integers(0, 100), st.integers(0, 100))
def test_a_limit_is_never_exceeded(limit: int, spent: int, price: int) -> None:
    key = evolve(an_api_key(a_user()), monthly_limit=Tokens(limit))
    if spent + price <= limit:
        key.check_limit(Tokens(price), spent=Tokens(spent))
        return
    with pytest.raises(ApiKeyLimitReached) as refused:
        key.check_limit(Tokens(price), spent=Tokens(spent))
    assert (refused.value.required, refused.value.used, refused.value.limit) == (price, spent, limit)


@pytest.mark.parametrize(
    "rules",
    [
        ApiKeyRules(expires_at=NOON),
        ApiKeyRules(monthly_limit=Tokens(0)),
        ApiKeyRules(monthly_limit=Tokens(API_KEY_LIMIT_MAX + 1)),
    ],
)
def test_rules_that_no_key_can_have_are_refused(rules: ApiKeyRules) -> None:
    with pytest.raises(InvalidValue):
        rules.check(now=NOON)


def test_months_are_those_of_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert Month.of(datetime(2026, 12, 1, 8, 59, tzinfo=tokyo)) == Month("2026-11")
    assert Month.of(datetime(2026, 12, 1, 9, 0, tzinfo=tokyo)) == Month("2026-12")


def test_revoking_again_changes_nothing() -> None:
    revoked = an_api_key(a_user()).revoke(now=NOON)
    assert revoked.revoked_at == NOON
    assert revoked.revoke(now=NOON + timedelta(days=1)) == revoked


def test_ten_active_keys_are_enough() -> None:
    for active in range(API_KEYS_ACTIVE_MAX):
        check_room(active)
    for active in (API_KEYS_ACTIVE_MAX, API_KEYS_ACTIVE_MAX + 1):
        with pytest.raises(TooManyApiKeys) as refused:
            check_room(active)
        assert refused.value.keys_max == API_KEYS_ACTIVE_MAX == 10
