"""Tokens of NextAuth and Auth.js: those of the libraries themselves, and what no token may be."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextauth_tokens import SECRET, V4, V5, a_token
from spike_core.domain.accounts import Email, ExternalIdentity
from spike_core.domain.errors import Unauthenticated
from spike_memory import ManualClock
from spike_nextauth import NextAuthTokens
from spike_nextauth.cookies import SentToken
from spike_nextauth.keys import keys_of
from spike_nextauth.tokens import ISSUER, Claims

VECTORS: Final = json.loads((Path(__file__).parent / "vectors.json").read_text())
SECURE: Final = "__Secure-authjs.session-token"
MADE: Final = {  # by the libraries themselves
    V4: VECTORS["v4"],
    V5: VECTORS[V5]["t"],
    SECURE: VECTORS[SECURE]["t"],
}
DAY: Final = datetime(2026, 12, 1, tzinfo=UTC)
NOW_S: Final = int(DAY.timestamp())
ADA: Final = {"sub": "1", "email": "ada@example.org", "exp": NOW_S + 60}
TOKENS: Final = NextAuthTokens(secrets=[VECTORS["secret"], SECRET], clock=ManualClock(DAY))


def is_accepted(token: str, *, cookie: str = V4) -> bool:
    try:
        TOKENS.claims(SentToken(cookie, token))
    except Unauthenticated:
        return False
    return True


@pytest.mark.parametrize("cookie", MADE)
def test_tokens_of_the_libraries_are_read(cookie: str) -> None:
    read = TOKENS.claims(SentToken(cookie, MADE[cookie]))
    assert read == Claims(
        identity=ExternalIdentity(issuer=ISSUER, subject="user_1"), email=Email.parse("ada@example.org")
    )


def test_the_keys_are_the_libraries() -> None:
    secret = VECTORS["secret"]
    assert keys_of(secret, cookie=V4)[2].key.raw_value.hex() == VECTORS["k4"]
    for cookie in (V5, SECURE):
        assert keys_of(secret, cookie=cookie)[0].key.raw_value.hex() == VECTORS[cookie]["k"]


@pytest.mark.parametrize("cookie", MADE)
def test_a_token_of_the_libraries_ends_with_its_month(cookie: str) -> None:
    late = NextAuthTokens(secrets=[VECTORS["secret"]], clock=ManualClock(DAY + timedelta(days=31)))
    with pytest.raises(Unauthenticated):
        late.claims(SentToken(cookie, MADE[cookie]))


@pytest.mark.parametrize("cookie", [V5, SECURE])
def test_a_token_of_v5_is_no_token_of_another_cookie(cookie: str) -> None:
    """The name is part of the key."""
    assert not is_accepted(MADE[cookie], cookie=SECURE if cookie == V5 else V5)


@pytest.mark.parametrize("cookie", MADE)
@given(data=st.data())
def test_a_changed_token_is_never_accepted(cookie: str, data: st.DataObject) -> None:
    """Whatever is changed, and also where a decoder would read the same bytes from it."""
    token = MADE[cookie]
    place = data.draw(st.integers(0, len(token) - 1))
    inserted = data.draw(st.text(max_size=3) | st.sampled_from(["=", ".", "A", "_", "\n", "%00"]))
    removed = data.draw(st.integers(0, 3))
    changed = token[:place] + inserted + token[place + removed :]
    assert changed == token or not is_accepted(changed, cookie=cookie)


@pytest.mark.parametrize("cookie", MADE)
def test_each_last_character_of_a_part_counts(cookie: str) -> None:
    """Its unused bits, which decoders ignore, are those of the library."""
    parts = MADE[cookie].split(".")
    for index, part in enumerate(parts):
        for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" if part else "":
            changed = ".".join([*parts[:index], part[:-1] + last, *parts[index + 1 :]])
            assert is_accepted(changed, cookie=cookie) == (changed == MADE[cookie])


@given(text=st.text() | st.from_regex(r"[\w-]*\.[\w-]*\.[\w-]*\.[\w-]*\.[\w-]*", fullmatch=True))
def test_no_other_text_is_a_token(text: str) -> None:
    assert not is_accepted(text)


@pytest.mark.parametrize(
    ("changed", "accepted"),
    [
        ({}, True),
        ({"exp": NOW_S - 14}, True),
        ({"exp": NOW_S - 15}, False),
        ({"exp": NOW_S + 0.5}, True),
        ({"exp": None}, False),
        ({"exp": True}, False),
        ({"exp": str(NOW_S + 60)}, False),
        ({"exp": float("inf")}, False),
        ({"exp": float("nan")}, False),
        ({"exp": 10**400}, False),
        ({"nbf": NOW_S + 15}, True),
        ({"nbf": NOW_S + 16}, False),
        ({"nbf": "soon"}, False),
        ({"sub": None}, False),
        ({"sub": 1}, False),
        ({"sub": ""}, False),
        ({"sub": "x" * 255}, True),
        ({"sub": "x" * 256}, False),
        ({"sub": "a\x00b"}, False),
        ({"sub": "\ud800"}, False),
        ({"email": None}, True),
        ({"email": ["ada@example.org"]}, True),
    ],
)
@pytest.mark.parametrize("cookie", [V4, V5])
def test_claims_are_checked(cookie: str, changed: dict[str, Any], *, accepted: bool) -> None:
    token = a_token({key: value for key, value in {**ADA, **changed}.items() if value is not None}, cookie=cookie)
    assert is_accepted(token, cookie=cookie) == accepted


@pytest.mark.parametrize("text", ["", "null", "[]", '"1"', "{", "[" * 20_000, '{"exp": NaN}', "\x00"])
def test_what_isnt_an_object_has_no_claims(text: str) -> None:
    assert not is_accepted(a_token(text))


@pytest.mark.parametrize(
    "header", [{"zip": "DEF"}, {"jku": "https://example.org"}, {"kid": "another"}, {"crit": ["typ"], "typ": "JWT"}]
)
def test_other_headers_are_refused(header: dict[str, Any]) -> None:
    assert not is_accepted(a_token(ADA, **header))


def test_an_address_that_isnt_verified_is_none() -> None:
    said = [a_token({**ADA, "email_verified": verified}) for verified in (True, False)]
    assert [TOKENS.claims(SentToken(V4, token)).email for token in said] == [Email.parse("ada@example.org"), None]


def test_each_secret_counts_while_one_is_replaced() -> None:
    new, old, foreign = (f"{name} secret of thirty-two characters and more" for name in ("new", "old", "foreign"))
    tokens = NextAuthTokens(secrets=[new, old], clock=ManualClock(DAY))
    for cookie in (V4, V5):
        for secret in (new, old):
            read = tokens.claims(SentToken(cookie, a_token(ADA, cookie=cookie, secret=secret)))
            assert read.identity.subject == "1"
        with pytest.raises(Unauthenticated):
            tokens.claims(SentToken(cookie, a_token(ADA, cookie=cookie, secret=foreign)))
