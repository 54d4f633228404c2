"""Authentication of requests: whom one is made for, whether it may do what it asks, and against whom it counts."""

from typing import Final, assert_never

from attrs import evolve, frozen

from spike_core.domain.accounts import ExternalIdentity, Session
from spike_core.domain.api_keys import ApiKey
from spike_core.domain.errors import Forbidden, InvalidIdentifier, NoAccount, Unauthenticated, UntrustedHost
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.domain.secrets import Secret
from spike_core.ports.authenticator import Authenticator, Identity, IncomingRequest
from spike_http.context import Request
from spike_http.cors import Origins
from spike_http.credentials import COOKIES, incoming
from spike_http.rate_limits import RequestLimiter
from spike_http.scopes import check_scope
from spike_http.serving.base_urls import BaseUrls
from spike_runtime.logs import get_logger

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@frozen(kw_only=True)
class RequestAuthentication:
    """Finds the owner that a request is made for, and counts the request against the caller's rate limit."""

    authenticator: Authenticator
    base_urls: BaseUrls
    limiter: RequestLimiter
    trusted_origins: Origins  # whose pages may send cookies

    def user(self, req: Request, *, bucket: RateLimitGroup = RateLimitGroup.GENERAL) -> OwnerId:
        """Return the authenticated owner.

        Raises:
            Unauthenticated: the credential is missing or invalid.
            Forbidden: another site's page sent the cookie with an unsafe method.
            SessionRequired, InsufficientScope: the credential can't be used for this operation.
            TooManyRequests: the owner has used up the rate limit.
        """
        owner_id = self._authenticate(req)
        if owner_id is None:
            raise Unauthenticated
        self.limiter.count(req, bucket, caller=owner_id.text)
        return owner_id

    def identity(self, req: Request) -> Identity:
        """Return for whom a request is made that stands for others, each of which needs a scope and counts.

        Raises:
            Unauthenticated, Forbidden: as `user`.
        """
        request = incoming(req, client=self.limiter.proxies.client(req))
        identity = self._identity(request)
        if identity is None:
            raise Unauthenticated
        if request.bearer_token is None:
            self._check_same_origin(req)
        return identity

    def count(self, req: Request, bucket: RateLimitGroup, *, caller: OwnerId) -> None:
        """Count a request whose group depends on more than its path.

        Raises:
            TooManyRequests: the owner has used up the rate limit.
        """
        self.limiter.count(req, bucket, caller=caller.text)

    def optional_user(self, req: Request, *, bucket: RateLimitGroup = RateLimitGroup.GENERAL) -> OwnerId | None:
        """Return the authenticated owner, or `None` for a request without credentials, which is counted by address.

        A person whom another program has signed in, but who has no account here, is no one here.

        Raises:
            Unauthenticated, Forbidden, TooManyRequests: as `user`.
        """
        try:
            return self.user_if_any(req, bucket=bucket)
        except NoAccount:
            self.limiter.count_client(req, bucket)
            return None

    def user_if_any(self, req: Request, *, bucket: RateLimitGroup = RateLimitGroup.GENERAL) -> OwnerId | None:
        """Return the authenticated owner, or `None`, as `optional_user`.

        Raises:
            NoAccount: another program has signed a person in who has no account here.
            Unauthenticated, Forbidden, TooManyRequests: as `user`.
        """
        owner_id = self._authenticate(req)
        if owner_id is None:
            self.limiter.count_client(req, bucket)
        else:
            self.limiter.count(req, bucket, caller=owner_id.text)
        return owner_id

    def anonymous_caller(self, req: Request, *, bucket: RateLimitGroup) -> str:
        """Return the key of the client's address, by which the request is counted. Credentials are ignored.

        Raises:
            TooManyRequests: the address has used up the rate limit.
        """
        self.limiter.count_client(req, bucket)
        return self.limiter.client(req)

    def is_signed_in_without_bearer(self, req: Request) -> bool:
        """Return whether the request's cookies still sign a user in."""
        request = incoming(req, client=self.limiter.proxies.client(req))
        headers = {name: value for name, value in request.headers.items() if name != "authorization"}
        return self._is_known(evolve(request, headers=headers))

    def accepts_session(self, token: Secret) -> bool:
        """Return whether the cookie of a session of Spike's signs in. An app's own authenticator may take none."""
        return self._is_known(IncomingRequest(method="GET", headers={"cookie": f"{COOKIES[-1]}={token.text}"}))

    def _is_known(self, request: IncomingRequest) -> bool:
        try:
            return self._identity(request) is not None
        except (Unauthenticated, Forbidden):
            return False

    def _authenticate(self, req: Request) -> OwnerId | None:
        """Return the owner, or `None` if there is no credential; note Spike's own one in the request's context.

        Raises:
            Unauthenticated, Forbidden, SessionRequired, InsufficientScope: as `user`.
        """
        request = incoming(req, client=self.limiter.proxies.client(req))
        identity = self._identity(request)
        if identity is None:
            return None
        if request.bearer_token is None:  # browsers send anything else on their own
            self._check_same_origin(req)
        check_scope(identity, method=req.method, route=req.uri_template)
        match identity.credential:
            case ApiKey() as key:
                req.context.api_key = key
            case Session() as session:
                req.context.session = session
            case ExternalIdentity() as external:
                req.context.external = external
            case None:
                pass
            case unreachable:
                assert_never(unreachable)
        return identity.owner_id

    def _identity(self, request: IncomingRequest) -> Identity | None:
        """Return the identity; one whose id no owner may have, that of the anonymous owner included, is nobody's.

        Raises:
            Unauthenticated: the credentials are invalid.
        """
        try:
            return self.authenticator.authenticate(request)
        except InvalidIdentifier as error:
            get_logger(__name__).warning("the authenticator named no valid owner", exc_info=error)
            raise Unauthenticated from error

    def _check_same_origin(self, req: Request) -> None:
        """Refuse cross-site request forgery: a cookie that a browser sent on behalf of another site's page.

        Clients other than browsers send no `Origin`, and pass; so do pages of the origins that the operator trusts.

        Raises:
            UntrustedHost: the method is unsafe and the page's host isn't known to be the service's.
            Forbidden: the method is unsafe and the request comes from another origin.
        """
        if req.method in _SAFE or self.trusted_origins.trusts(req):
            return
        origin = req.get_header("Origin")
        if origin is not None and not self.base_urls.is_own(req, origin):
            raise UntrustedHost if self.base_urls.is_unknown_host(req, origin) else Forbidden
        if req.get_header("Sec-Fetch-Site") == "cross-site":
            raise Forbidden
