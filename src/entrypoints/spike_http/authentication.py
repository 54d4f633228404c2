"""Authentication: by a bearer credential (session token or API key), or by the session cookie."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, assert_never

import falcon
from attrs import frozen

from spike_core.domain.accounts import Session
from spike_core.domain.api_keys import ApiKey
from spike_core.domain.errors import Forbidden, Unauthenticated, UntrustedHost
from spike_core.domain.identifiers import UserId
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.domain.secrets import Secret
from spike_core.services.accounts import Authentication
from spike_http.context import Request
from spike_http.rate_limits import RequestLimiter
from spike_http.scopes import check_scope
from spike_http.serving.base_urls import BaseUrls

# by the strictest browsers' rules for the prefix (RFC 6265bis, section 4.1.3), NextAuth's own name for https, the API's
COOKIES: Final = (
    "__Host-next-auth.session-token",
    "__Secure-next-auth.session-token",
    "next-auth.session-token",
)
SESSION_COOKIES_MAX: Final = 8  # each costs a database query
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@frozen(kw_only=True)
class Authenticator:
    """Finds the user that a request is made for, and counts the request against the caller's rate limit."""

    authentication: Authentication
    base_urls: BaseUrls
    limiter: RequestLimiter

    def user(self, req: Request, *, bucket: RateLimitGroup = RateLimitGroup.GENERAL) -> UserId:
        """Return the authenticated user.

        Raises:
            Unauthenticated: the credential is missing or invalid. A valid cookie doesn't make up for an invalid bearer.
            Forbidden: another site's page sent the cookie with an unsafe method.
            SessionRequired, InsufficientScope: the API key can't be used for this operation.
            TooManyRequests: the user has used up the rate limit.
        """
        user = self._authenticate(req)
        if user is None:
            raise Unauthenticated
        self.limiter.count(req, bucket, caller=user.text)
        return user

    def count(self, req: Request, bucket: RateLimitGroup, *, caller: UserId) -> None:
        """Count a request whose group depends on more than its path.

        Raises:
            TooManyRequests: the user has used up the rate limit.
        """
        self.limiter.count(req, bucket, caller=caller.text)

    def optional_user(self, req: Request, *, bucket: RateLimitGroup = RateLimitGroup.GENERAL) -> UserId | None:
        """Return the authenticated user, or `None` for a request without credentials, which is counted by address.

        Raises:
            Unauthenticated, Forbidden, TooManyRequests: as `user`.
        """
        user = self._authenticate(req)
        if user is None:
            self.limiter.count_client(req, bucket)
        else:
            self.limiter.count(req, bucket, caller=user.text)
        return user

    def anonymous_caller(self, req: Request, *, bucket: RateLimitGroup) -> str:
        """Return the client's address, by which the request is counted. Credentials are ignored.

        Raises:
            TooManyRequests: the address has used up the rate limit.
        """
        self.limiter.count_client(req, bucket)
        return self.limiter.proxies.client(req)

    def _authenticate(self, req: Request) -> UserId | None:
        """Return the user of the credential, or `None` if there is no credential; note it in the request's context.

        Raises:
            Unauthenticated, Forbidden, SessionRequired, InsufficientScope: as `user`.
        """
        bearer = bearer_token(req)
        if bearer is not None:
            credential = self.authentication.credential(bearer)
        else:
            tokens = session_tokens(req)
            if not tokens:
                return None
            credential = self._first_valid(tokens)
            self._check_same_origin(req)
        match credential:
            case ApiKey():
                check_scope(credential, method=req.method, route=req.uri_template)
                req.context.api_key = credential
            case Session():
                req.context.session = credential
            case unreachable:
                assert_never(unreachable)
        return credential.user_id

    def _first_valid(self, tokens: Sequence[Secret]) -> Session | ApiKey:
        """Return the credential of the first valid token. An expired cookie of another path may precede it.

        Raises:
            Unauthenticated: no token is valid.
        """
        for token in tokens:
            with suppress(Unauthenticated):
                return self.authentication.credential(token)
        raise Unauthenticated

    def _check_same_origin(self, req: Request) -> None:
        """Refuse cross-site request forgery: a cookie that a browser sent on behalf of another site's page.

        Clients other than browsers send no `Origin`, and pass.

        Raises:
            UntrustedHost: the method is unsafe and the page's host isn't known to be the service's.
            Forbidden: the method is unsafe and the request comes from another origin.
        """
        if req.method in _SAFE:
            return
        origin = req.get_header("Origin")
        if origin is not None and not self.base_urls.is_own(req, origin):
            raise UntrustedHost if self.base_urls.is_unknown_host(req, origin) else Forbidden
        if req.get_header("Sec-Fetch-Site") == "cross-site":
            raise Forbidden


def bearer_token(req: falcon.Request) -> Secret | None:
    """Return the bearer token, or `None` without the header `Authorization`.

    Raises:
        Unauthenticated: the header has another scheme.
    """
    header = req.get_header("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated
    return Secret(token.strip())


def session_tokens(req: falcon.Request) -> Sequence[Secret]:
    """Return the distinct tokens of the session cookies in the order sent, at most `SESSION_COOKIES_MAX`."""
    sent = session_cookies(req)
    values = [value for name in COOKIES for value in sent[name]]
    return [Secret(value) for value in list(dict.fromkeys(values))[:SESSION_COOKIES_MAX]]


def session_cookies(req: falcon.Request) -> Mapping[str, Sequence[str]]:
    """Return the values of each session cookie in the order sent.

    Session cookies contain no escapes, so none are decoded. Python's own cookie parser takes quadratic time to decode
    them: a minute for the longest header (CVE-2024-7592).
    """
    found: dict[str, list[str]] = {name: [] for name in COOKIES}
    for pair in (req.get_header("Cookie") or "").split(";"):
        name, _, value = pair.partition("=")
        if name.strip() in found:
            found[name.strip()].append(value.strip().removeprefix('"').removesuffix('"'))
    return found
