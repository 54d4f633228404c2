"""The laws of `Authenticator`."""

from typing import Final

import pytest
from attrs import evolve

from spike_core.domain.errors import Unauthenticated, Unavailable
from spike_core.domain.identifiers import OwnerId
from spike_core.ports.authenticator import Authenticator, Identity, IncomingRequest

NO_CREDENTIALS: Final = IncomingRequest(
    method="GET", headers={"host": "example.org", "user-agent": "curl/8", "cookie": "theme=dark"}
)
STRANGE_TEXTS: Final = ("", " ", ".", "a.b.c", "x" * 8_000, "é", "\udcff", "\x00", "%00", "null", "🦊")


class AuthenticatorContract:
    """Laws every authenticator keeps.

    Fixtures: `authenticator`; `request_of_ada`, one with valid credentials; and `lost_authenticator`, where whatever it
    asks about them is unavailable. One that asks nothing skips the law in that fixture.
    """

    def test_a_request_without_credentials_is_nobodys(self, authenticator: Authenticator) -> None:
        """It isn't an error, since some operations are for everybody."""
        assert authenticator.authenticate(NO_CREDENTIALS) is None

    def test_valid_credentials_are_their_owners(
        self, authenticator: Authenticator, request_of_ada: IncomingRequest
    ) -> None:
        identity = authenticator.authenticate(request_of_ada)
        assert isinstance(identity, Identity)
        assert OwnerId.parse(identity.owner_id.text) == identity.owner_id
        assert identity.scopes

    def test_the_same_credentials_are_the_same_owners_again(
        self, authenticator: Authenticator, request_of_ada: IncomingRequest
    ) -> None:
        """Whatever the method, and wherever the request comes from."""
        requests = [request_of_ada, evolve(request_of_ada, method="DELETE", remote_address="203.0.113.9")]
        found = [authenticator.authenticate(request) for request in requests]
        assert len({None if each is None else (each.owner_id, each.scopes) for each in found}) == 1
        assert None not in found

    def test_credentials_that_cant_be_checked_are_unavailable_and_not_invalid(
        self, lost_authenticator: Authenticator, request_of_ada: IncomingRequest
    ) -> None:
        """Else an outage would sign everybody out."""
        with pytest.raises(Unavailable):
            lost_authenticator.authenticate(request_of_ada)

    @pytest.mark.parametrize("text", STRANGE_TEXTS)
    def test_strange_credentials_are_invalid_and_no_other_error(
        self, authenticator: Authenticator, request_of_ada: IncomingRequest, text: str
    ) -> None:
        """In each header and cookie, alone, in place of what was valid and behind it."""
        for header, valid in request_of_ada.headers.items():
            name, equals, _ = valid.partition("=")  # of a cookie: padding behind a token in Base64 doesn't change it
            named = f"{name}={text}" if equals else text
            for value in (text, f"Bearer {text}", f"{valid}{text}".strip(), named):
                if value in {valid, ""}:
                    continue
                strange = evolve(request_of_ada, headers={header: value})
                assert _refused(authenticator, strange), value


def _refused(authenticator: Authenticator, request: IncomingRequest) -> bool:
    try:
        return authenticator.authenticate(request) is None
    except Unauthenticated:
        return True
