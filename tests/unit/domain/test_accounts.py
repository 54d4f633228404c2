import hashlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spike_contracts.builders import NOON
from spike_contracts.users import a_user
from spike_core.domain.accounts import Email, Session
from spike_core.domain.errors import InvalidValue, Unauthenticated
from spike_core.domain.secrets import API_KEY_PREFIX, Secret

any_text = st.text(st.characters())  # lone surrogates too: WSGI and the shell bring them


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada@Example.ORG\n", "ada@example.org"),
        ("ada+spike@localhost", "ada+spike@localhost"),
        ("jürgen@müller.example", "jürgen@müller.example"),
        ("a" * 64 + "@" + "b" * 189, "a" * 64 + "@" + "b" * 189),
    ],
)
def test_an_address_is_taken_in_lower_case_without_white_space_around_it(text: str, parsed: str) -> None:
    assert str(Email.parse(text)) == parsed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@",
        "ada@",
        "@example.org",
        "ada@example@org",
        "ada lovelace@example.org",
        "ada@exam\tple.org",
        "ada@example.org\nbcc: all@example.org",
        "ada\x00@example.org",
        "ada\x7f@example.org",
        "ada\ud800@example.org",
        "ada@\udcff.org",
        "a" * 65 + "@example.org",
        "ada@" + "b" * 190,
    ],
)
def test_what_does_not_look_like_an_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        Email.parse(text)


@given(any_text | st.builds("{}@{}".format, any_text, any_text) | st.emails())
def test_an_address_that_parses_can_be_stored_and_parses_to_itself(text: str) -> None:
    try:
        email = Email.parse(text)
    except InvalidValue:
        return
    assert email.text.encode().decode() == email.text
    assert Email.parse(str(email)) == email


def test_an_address_that_grows_in_lower_case_must_fit_afterwards() -> None:
    """Some capital letters become two characters in lower case, such as a Turkish one."""
    with pytest.raises(InvalidValue):
        Email.parse("\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}" * 64 + "@example.org")


@given(any_text.filter(lambda text: len(text) > 8))
def test_a_secret_is_not_shown_by_mistake(text: str) -> None:
    secret = Secret(text)
    assert f"{secret!r} {secret}" == "Secret() Secret()"


@given(any_text, any_text)
def test_secrets_have_the_same_hash_only_if_they_are_the_same(one: str, other: str) -> None:
    assert Secret(one).hash == Secret(one).hash
    assert (Secret(one).hash == Secret(other).hash) == (one == other)


@pytest.mark.parametrize("pair", [("\udcc3\udca9", "é"), ("\ud83d\ude00", "\N{GRINNING FACE}")])
def test_a_text_that_was_never_decoded_is_not_its_decoded_twin(pair: tuple[str, str]) -> None:
    assert Secret(pair[0]).hash != Secret(pair[1]).hash


def test_the_hash_is_sha256_so_that_stored_ones_stay_valid() -> None:
    assert Secret("abc").hash.text == hashlib.sha256(b"abc").hexdigest()
    assert len(Secret("").hash.text) == 64


def test_only_the_beginning_of_an_api_key_is_shown() -> None:
    key = Secret(API_KEY_PREFIX + "0123456789" * 4)
    assert key.shown == "sk_live_0123"


def test_api_keys_are_known_by_their_prefix() -> None:
    assert Secret("sk_live_x").is_api_key
    assert not Secret("x").is_api_key
    assert not Secret("SK_LIVE_x").is_api_key


def test_a_session_speaks_for_its_user_until_the_moment_it_expires() -> None:
    expires_at = NOON + timedelta(days=1)
    session = Session(hash=Secret("x").hash, user_id=a_user().id, created_at=NOON, expires_at=expires_at)
    assert session.check_valid(now=expires_at - timedelta(microseconds=1)) is session
    with pytest.raises(Unauthenticated):
        session.check_valid(now=expires_at)
