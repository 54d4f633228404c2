from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spike_contracts.api_keys import an_api_key
from spike_contracts.builders import NOON
from spike_contracts.users import a_user
from spike_core.domain.api_keys import ApiKeyName, check_room
from spike_core.domain.errors import InvalidValue, TooManyApiKeys, Unauthenticated
from spike_core.domain.limits import API_KEY_NAME_CHARS_MAX, API_KEYS_ACTIVE_MAX


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
    assert key.is_active
    assert key.owner() == key.user_id
    revoked = key.revoke(now=NOON)
    assert not revoked.is_active
    with pytest.raises(Unauthenticated):
        revoked.owner()


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
