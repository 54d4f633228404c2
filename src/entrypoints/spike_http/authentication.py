"""Who is asking: the session cookie or a bearer credential."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

import falcon
from attrs import frozen

from spike_core.domain.accounts import Secret
from spike_core.domain.errors import Forbidden, Unauthenticated
from spike_core.domain.identifiers import UserId
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.services.accounts import Authentication
from spike_http.rate_limits import Limits
from spike_http.serving.base_urls import BaseUrls

COOKIES: Final = ("__Secure-next-auth.session-token", "next-auth.session-token")
SESSION_COOKIES_MAX: Final = 8  # each costs a look into the database
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@frozen(kw_only=True)
class Gate:
    """Finds out whom a request speaks for."""

    authentication: Authentication
    base_urls: BaseUrls
    limits: Limits

    def user(self, req: falcon.Request, *, bucket: RateLimitGroup = RateLimitGroup.GENERAL) -> UserId:
        """Return the user, whose request is counted in this bucket.

        Raises:
            Unauthenticated: no credential, or a bad one; a bad bearer isn't saved by a good cookie.
            Forbidden: a cookie came with an unsafe method from another site.
            TooManyRequests: the user has used up what a window allows.
        """
        user = self._credited(req)
        if user is None:
            raise Unauthenticated
        self.limits.count(req, bucket, caller=user.text)
        return user

    def visitor(self, req: falcon.Request, *, bucket: RateLimitGroup = RateLimitGroup.GENERAL) -> UserId | None:
        """Return the user, or `None` for a visitor without any credential, who is counted by address.

        Raises:
            Unauthenticated, Forbidden, TooManyRequests: as `user`.
        """
        user = self._credited(req)
        if user is None:
            self.limits.count_client(req, bucket)
        else:
            self.limits.count(req, bucket, caller=user.text)
        return user

    def stranger(self, req: falcon.Request, *, bucket: RateLimitGroup) -> str:
        """Count a request for which credentials don't matter by the address that it comes from, and return that.

        Raises:
            TooManyRequests: the address has used up what a window allows.
        """
        self.limits.count_client(req, bucket)
        return self.limits.proxies.client(req)

    def _credited(self, req: falcon.Request) -> UserId | None:
        """Return whom the credential speaks for, `None` where there is none.

        Raises:
            Unauthenticated, Forbidden: as `user`.
        """
        header = req.get_header("Authorization")
        if header is not None:
            scheme, _, token = header.partition(" ")
            if scheme.lower() != "bearer":
                raise Unauthenticated
            return self.authentication.authenticate(Secret(token.strip()))
        tokens = session_tokens(req)
        if not tokens:
            return None
        user = self._first_user(tokens)
        self._check_same_origin(req)
        return user

    def _first_user(self, tokens: Sequence[Secret]) -> UserId:
        """Return whom the first good token speaks for: an old cookie of another path may stand before it.

        Raises:
            Unauthenticated: none is good.
        """
        for token in tokens:
            with suppress(Unauthenticated):
                return self.authentication.authenticate(token)
        raise Unauthenticated

    def _check_same_origin(self, req: falcon.Request) -> None:
        """Refuse a cookie that another site's page made a browser send (CSRF). Scripts send no Origin."""
        if req.method in _SAFE:
            return
        origin = req.get_header("Origin")
        if origin is not None and not self.base_urls.is_own(req, origin):
            raise Forbidden
        if req.get_header("Sec-Fetch-Site") == "cross-site":
            raise Forbidden


def session_tokens(req: falcon.Request) -> Sequence[Secret]:
    """Return the tokens of the session cookies in the order sent, each once: `SESSION_COOKIES_MAX` at most."""
    sent = session_cookies(req)
    values = [value for name in COOKIES for value in sent[name]]
    return [Secret(value) for value in list(dict.fromkeys(values))[:SESSION_COOKIES_MAX]]


def session_cookies(req: falcon.Request) -> Mapping[str, Sequence[str]]:
    """Return the values of each session cookie in the order sent.

    Ours have no escapes, so none are read: Python's own reader takes the square of their number, and a minute for the
    longest header (CVE-2024-7592).
    """
    found: dict[str, list[str]] = {name: [] for name in COOKIES}
    for pair in (req.get_header("Cookie") or "").split(";"):
        name, _, value = pair.partition("=")
        if name.strip() in found:
            found[name.strip()].append(value.strip().removeprefix('"').removesuffix('"'))
    return found
