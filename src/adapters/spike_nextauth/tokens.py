"""The tokens: encrypted JSON (JWE, RFC 7516) whose claims say who is signed in, and until when."""

import base64
import json
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from attrs import field, frozen
from joserfc.errors import JoseError
from joserfc.jwe import decrypt_compact

from spike_core.domain.accounts import Email, ExternalIdentity
from spike_core.domain.errors import InvalidValue, Unauthenticated
from spike_core.ports.clock import Clock
from spike_nextauth.cookies import COOKIES, SentToken
from spike_nextauth.keys import CBC, GCM, TokenKey, keys_of

ISSUER: Final = "nextauth"  # of every identity here: tokens name none, and what has the secret is one program
TOLERANCE_S: Final = 15.0  # between the clocks, as NextAuth has it
_ALGORITHM: Final = "dir"
_PARTS: Final = 5
_HEADERS: Final = frozenset({"alg", "enc", "kid", "typ", "cty"})  # neither compressed nor with critical extensions
_SIZES: Final = {GCM: (12, 16), CBC: (16, 32)}  # of initialization vector and tag, in bytes (RFC 7518, section 5)


@frozen(kw_only=True)
class Claims:
    """What a valid token says."""

    identity: ExternalIdentity
    email: Email | None  # `None` if there is none, or it is marked as not verified


@frozen(kw_only=True)
class NextAuthTokens:
    """Decrypts tokens with the secrets of the other program, and checks that they are valid now."""

    secrets: Sequence[str] = field(repr=False)  # several while one is being replaced
    clock: Clock
    _keys: Mapping[str, Sequence[TokenKey]] = field(init=False, repr=False)  # by the cookie's name

    @_keys.default
    def _derived(self) -> Mapping[str, Sequence[TokenKey]]:
        return {
            cookie: [key for secret in self.secrets for key in keys_of(secret, cookie=cookie)] for cookie in COOKIES
        }

    def claims(self, token: SentToken) -> Claims:
        """Return what a token says.

        Raises:
            Unauthenticated: it isn't encrypted with one of the secrets, was changed, has expired, isn't valid yet, has
                no time of expiry, or names no one.
        """
        header = _header(token.text)
        for key in self._keys[token.cookie]:
            if key.encryption != header["enc"] or header.get("kid", key.id) != key.id:
                continue
            with suppress(JoseError, ValueError):
                decrypted = decrypt_compact(token.text, key.key, algorithms=[_ALGORITHM, key.encryption])
                return self._checked(decrypted.plaintext or b"")
        raise Unauthenticated

    def _checked(self, plaintext: bytes) -> Claims:
        claims = _object(plaintext)
        now_s = self.clock.now().timestamp()
        if _seconds(claims.get("exp")) <= now_s - TOLERANCE_S:
            raise Unauthenticated
        if "nbf" in claims and _seconds(claims["nbf"]) > now_s + TOLERANCE_S:
            raise Unauthenticated
        subject = claims.get("sub")
        if not isinstance(subject, str):
            raise Unauthenticated
        try:
            identity = ExternalIdentity(issuer=ISSUER, subject=subject)
        except InvalidValue as error:
            raise Unauthenticated from error
        return Claims(identity=identity, email=_email(claims))


def _header(token: str) -> Mapping[str, Any]:
    """Return the header of a token in the one form that is accepted.

    Raises:
        Unauthenticated: the algorithms are others, or a part isn't written as it is encoded, so that a changed token
            could pass for the same.
    """
    encoded = token.split(".")
    if len(encoded) != _PARTS:
        raise Unauthenticated
    try:
        parts = [base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True) for part in encoded]
    except ValueError as error:
        raise Unauthenticated from error
    if any(
        base64.urlsafe_b64encode(part).rstrip(b"=").decode() != text for part, text in zip(parts, encoded, strict=True)
    ):
        raise Unauthenticated
    protected, _, vector, _, tag = parts
    header = _object(protected)
    encryption = header.get("enc")
    if header.get("alg") != _ALGORITHM or not isinstance(encryption, str) or header.keys() - _HEADERS:
        raise Unauthenticated
    if _SIZES.get(encryption) != (len(vector), len(tag)):
        raise Unauthenticated
    return header


def _object(data: bytes) -> Mapping[str, Any]:
    """Return a JSON object.

    Raises:
        Unauthenticated: the bytes are none.
    """
    try:
        found = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise Unauthenticated from error
    if not isinstance(found, dict):
        raise Unauthenticated
    return found


def _seconds(value: object) -> float:
    """Return a time in seconds since 1970.

    Raises:
        Unauthenticated: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unauthenticated
    try:
        seconds = float(value)
    except OverflowError as error:
        raise Unauthenticated from error
    if not math.isfinite(seconds):
        raise Unauthenticated
    return seconds


def _email(claims: Mapping[str, Any]) -> Email | None:
    text = claims.get("email")
    if not isinstance(text, str) or claims.get("email_verified") is False:
        return None
    try:
        return Email.parse(text)
    except InvalidValue:
        return None
