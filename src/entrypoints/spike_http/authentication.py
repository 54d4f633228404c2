"""Who is asking: the session cookie or a bearer credential."""

from typing import Final
from urllib.parse import urlsplit

import falcon
from attrs import frozen

from spike_core.domain.accounts import Secret
from spike_core.domain.errors import Forbidden, Unauthenticated
from spike_core.domain.identifiers import UserId
from spike_core.domain.rates import Bucket
from spike_core.services.accounts import Authentication
from spike_http.limits import Limits

COOKIES: Final = ("__Secure-next-auth.session-token", "next-auth.session-token")
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@frozen(kw_only=True)
class Gate:
    """Finds out whom a request speaks for."""

    authentication: Authentication
    public_url: str
    limits: Limits

    def user(self, req: falcon.Request, *, bucket: Bucket = Bucket.GENERAL) -> UserId:
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

    def visitor(self, req: falcon.Request, *, bucket: Bucket = Bucket.GENERAL) -> UserId | None:
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

    def stranger(self, req: falcon.Request, *, bucket: Bucket) -> str:
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
        for name in COOKIES:
            values = req.get_cookie_values(name)
            if values:
                user = self.authentication.authenticate(Secret(values[0]))
                self._check_same_origin(req)
                return user
        return None

    def _check_same_origin(self, req: falcon.Request) -> None:
        """Refuse a cookie that another site's page made a browser send (CSRF). Scripts send no Origin."""
        if req.method in _SAFE:
            return
        origin = req.get_header("Origin")
        ours = {_host(url) for url in (req.prefix, self.public_url) if url}
        if origin is not None and _host(origin) not in ours:
            raise Forbidden
        if req.get_header("Sec-Fetch-Site") == "cross-site":
            raise Forbidden


def _host(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
