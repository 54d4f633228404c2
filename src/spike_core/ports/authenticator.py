"""The authenticator port: who makes a request, and what they may do."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from attrs import field, frozen

from spike_core.domain.accounts import ExternalIdentity, Session
from spike_core.domain.api_keys import ALL_SCOPES, ApiKey, Scope
from spike_core.domain.identifiers import OwnerId

_BEARER: Final = "bearer"


@frozen(kw_only=True)
class IncomingRequest:
    """What a request over HTTP says about who makes it. Its path and body aren't part of this."""

    method: str  # in upper case
    headers: Mapping[str, str] = field(factory=dict, repr=False)  # by name in lower case
    remote_address: str = ""  # the client's IPv4 address, or the /64 network of its IPv6 address

    @property
    def bearer_token(self) -> str | None:
        """The token of the header `Authorization` with the scheme Bearer; `None` without it, or with another scheme."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == _BEARER else None

    def cookies(self, name: str) -> Sequence[str]:
        """Return the values of the cookies with this name in the order sent, without quotes; escapes aren't decoded."""
        pairs = (pair.partition("=") for pair in self.headers.get("cookie", "").split(";"))
        return [value.strip().removeprefix('"').removesuffix('"') for key, _, value in pairs if key.strip() == name]


@frozen(kw_only=True)
class Identity:
    """Whom a request is made for, and what it may do.

    Raises:
        InvalidIdentifier: the owner's id isn't one that an owner may have.
    """

    owner_id: OwnerId = field()
    scopes: frozenset[Scope] = ALL_SCOPES
    # of a user of Spike's, if it was one: scopes, sign-out and monthly limits need it
    credential: Session | ApiKey | ExternalIdentity | None = None

    @owner_id.validator
    def _allowed(self, _attribute: object, value: OwnerId) -> None:
        OwnerId.parse(value.text)


class Authenticator(Protocol):
    """Finds out who makes a request. Called once per request, by several threads at once."""

    def authenticate(self, request: IncomingRequest) -> Identity | None:
        """Return whom the request is made for, or `None` if it has no credentials.

        The same credentials are always the same owner's. An owner whose wallet isn't open gets `WalletNotFound` from
        the use cases that need it; an authenticator that knows new owners may open it here, by `Wallets.open`.

        A request with an unsafe method and without a bearer token is refused afterwards if another site's page sent it.

        Raises:
            Unauthenticated: the credentials are invalid, whatever they contain, or name no owner.
            Forbidden: they are valid, but not for this service.
            Unavailable: they can't be checked at present.
        """
