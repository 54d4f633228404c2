"""Spike's own credentials: a bearer (session token or API key), or the session cookie."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, assert_never

import falcon
from attrs import frozen

from spike_core.domain.accounts import Session
from spike_core.domain.api_keys import ApiKey
from spike_core.domain.errors import Forbidden, Unauthenticated
from spike_core.domain.secrets import Secret
from spike_core.ports.authenticator import Authenticator, Identity, IncomingRequest
from spike_core.services.accounts import Authentication

# by the strictest browsers' rules for the prefix (RFC 6265bis, section 4.1.3), NextAuth's own name for https, the API's
COOKIES: Final = (
    "__Host-next-auth.session-token",
    "__Secure-next-auth.session-token",
    "next-auth.session-token",
)
SESSION_COOKIES_MAX: Final = 8  # each costs a database query
_ENCRYPTED: Final = re.compile(r"[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)


@frozen
class SpikeAuthenticator:
    """Authenticates by Spike's own sessions and API keys; see the port `Authenticator`."""

    authentication: Authentication

    def authenticate(self, request: IncomingRequest) -> Identity | None:
        """Return the user of the credential. A valid cookie doesn't make up for an invalid bearer."""
        if "authorization" in request.headers:
            if request.bearer_token is None:
                raise Unauthenticated
            credential = self.authentication.credential(Secret(request.bearer_token))
        else:
            tokens = _session_tokens(session_cookies(request))
            if not tokens:
                return None
            credential = self._first_valid(tokens)
        match credential:
            case ApiKey():
                return Identity(owner_id=credential.user_id, scopes=credential.scopes, credential=credential)
            case Session():
                return Identity(owner_id=credential.user_id, credential=credential)
            case unreachable:
                assert_never(unreachable)

    def _first_valid(self, tokens: Sequence[Secret]) -> Session | ApiKey:
        """Return the credential of the first valid token. An expired cookie of another path may precede it.

        Raises:
            Unauthenticated: no token is valid.
        """
        for token in tokens:
            with suppress(Unauthenticated):
                return self.authentication.credential(token)
        raise Unauthenticated


@frozen
class FirstOf:
    """Authenticates by several authenticators: the first that knows whom a request is made for decides."""

    authenticators: Sequence[Authenticator]

    def authenticate(self, request: IncomingRequest) -> Identity | None:
        """Return the first identity. What one refuses stops no other; if none has any, the clearest refusal counts.

        Raises:
            Forbidden: valid credentials aren't for this service, and no others are valid.
            Unauthenticated: no credentials are valid.
        """
        refusals: list[Unauthenticated | Forbidden] = []
        for authenticator in self.authenticators:
            try:
                identity = authenticator.authenticate(request)
            except (Unauthenticated, Forbidden) as error:
                refusals.append(error)
                continue
            if identity is not None:
                return identity
        if refusals:
            raise next((refusal for refusal in refusals if isinstance(refusal, Forbidden)), refusals[0])
        return None


def incoming(req: falcon.Request, *, client: str = "") -> IncomingRequest:
    """Return what a request says about who makes it; `client` is its address as trusted proxies tell it."""
    headers = {name.lower(): value for name, value in req.headers.items()}
    return IncomingRequest(method=req.method, headers=headers, remote_address=client)


def bearer_token(req: falcon.Request) -> Secret | None:
    """Return the bearer token, or `None` without the header `Authorization`.

    Raises:
        Unauthenticated: the header has another scheme.
    """
    request = incoming(req)
    if "authorization" not in request.headers:
        return None
    if request.bearer_token is None:
        raise Unauthenticated
    return Secret(request.bearer_token)


def session_tokens(req: falcon.Request) -> Sequence[Secret]:
    """Return the distinct tokens of the session cookies in the order sent, at most `SESSION_COOKIES_MAX`."""
    return _session_tokens(session_cookies(incoming(req)))


def session_cookies(request: IncomingRequest) -> Mapping[str, Sequence[str]]:
    """Return the values of each session cookie in the order sent.

    Session cookies contain no escapes, so none are decoded. Python's own cookie parser takes quadratic time to decode
    them: a minute for the longest header (CVE-2024-7592).
    """
    return {name: request.cookies(name) for name in COOKIES}


def is_of_another_program(value: str) -> bool:
    """Return whether a cookie's value is an encrypted token (JWE), as NextAuth has it: none of Spike's own."""
    return _ENCRYPTED.fullmatch(value) is not None


def _session_tokens(sent: Mapping[str, Sequence[str]]) -> Sequence[Secret]:
    values = [value for name in COOKIES for value in sent[name] if not is_of_another_program(value)]
    return [Secret(value) for value in list(dict.fromkeys(values))[:SESSION_COOKIES_MAX]]
