"""Authenticators of an app's own: whom they name is the owner, and the service's other rules still apply."""

from collections.abc import Mapping
from typing import Any, Final

import pytest
from attrs import evolve, field, frozen
from falcon import testing

from caller import PICTURE
from memory_fixtures import LostDatabase
from memory_spike import MemorySpike, with_limits
from multipart import CONTENT_TYPE, an_upload
from spike_contracts.authenticator import AuthenticatorContract
from spike_core.domain.api_keys import ALL_SCOPES, Scope
from spike_core.domain.errors import DatabaseUnavailable, Forbidden, InvalidIdentifier, Unauthenticated
from spike_core.domain.identifiers import ANONYMOUS, OwnerId
from spike_core.domain.ledger import Reference
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.domain.tokens import Tokens
from spike_core.ports.authenticator import Authenticator, Identity, IncomingRequest
from spike_http import SpikeAuthenticator, create_app
from spike_http.scopes import SCOPES

FORM: Final = {"Content-Type": CONTENT_TYPE}
JSON: Final = {"Content-Type": "application/json"}
OWNERS: Final = ["42", "7f0c3c1e-9f5a-4b52-8d0a-5a5f0d1f6c11", "🦊", "%2F..", "a/../b", "'\";--", "x" * 128]
OWNERS.append("user_" + "z" * 24)  # looks like one of Spike's


@frozen
class ByTable:
    """Tokens in a table, as bearers or in the cookie `shop`."""

    owners: Mapping[str, str]
    scopes: frozenset[Scope] = field(default=ALL_SCOPES)

    def authenticate(self, request: IncomingRequest) -> Identity | None:
        if "authorization" in request.headers:
            token = request.bearer_token or ""
        elif cookies := request.cookies("shop"):
            token = cookies[0]
        else:
            return None
        if token not in self.owners:
            raise Unauthenticated
        return Identity(owner_id=OwnerId(self.owners[token]), scopes=self.scopes)


class TestByTable(AuthenticatorContract):
    @pytest.fixture
    def authenticator(self) -> Authenticator:
        return ByTable({"t": "42"})

    @pytest.fixture
    def lost_authenticator(self) -> Authenticator:
        pytest.skip("its table is in memory")

    @pytest.fixture(params=[{"authorization": "Bearer t"}, {"cookie": "shop=t"}])
    def request_of_ada(self, request: pytest.FixtureRequest) -> IncomingRequest:
        return IncomingRequest(method="GET", headers=request.param)


class TestSpikeAuthenticator(AuthenticatorContract):
    @pytest.fixture
    def authenticator(self, services: MemorySpike) -> Authenticator:
        return SpikeAuthenticator(services.spike.accounts.authentication)

    @pytest.fixture
    def lost_authenticator(self, services: MemorySpike) -> Authenticator:
        lost_users = evolve(services.spike.accounts.authentication, transactions=LostDatabase().transactions)
        return SpikeAuthenticator(lost_users)

    @pytest.fixture(params=["key", "session", "cookie"])
    def request_of_ada(self, services: MemorySpike, request: pytest.FixtureRequest) -> IncomingRequest:
        ada = services.register()
        headers = {
            "key": {"authorization": f"Bearer {ada.api_key.text}"},
            "session": {"authorization": f"Bearer {ada.session_token.text}"},
            "cookie": {"cookie": f"next-auth.session-token={ada.session_token.text}"},
        }
        return IncomingRequest(method="GET", headers=headers[request.param])


def a_client(services: MemorySpike, authenticator: Authenticator) -> testing.TestClient:
    return testing.TestClient(create_app(services.spike, authenticator=authenticator))


def as_(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("owner", OWNERS)
def test_an_owner_of_the_apps_own_does_what_a_user_does(services: MemorySpike, owner: str) -> None:
    """Upload, pay, cancel, group, list: whatever the id looks like; another owner sees nothing of it."""
    client = a_client(services, ByTable({"t": owner, "eve": "43"}))
    owner_id = OwnerId.parse(owner)
    services.spike.wallets.open(owner_id, tokens=Tokens(0))
    services.spike.wallets.open(OwnerId("43"))
    services.spike.wallets.credit(owner_id, Tokens(9), reference=Reference("pi_1"))
    ask: Any = {"headers": as_("t")}
    uploaded = client.simulate_post("/api/images/upload", body=an_upload(PICTURE), headers={**FORM, **as_("t")})
    assert uploaded.status_code == 200, uploaded.text
    image_id = uploaded.json["image"]["id"]
    services.work()
    album = client.simulate_post("/api/albums", json={"name": "a"}, **ask).json["album"]
    moved = client.simulate_post(f"/api/albums/{album['id']}/images", json={"imageIds": [image_id]}, **ask)
    assert moved.status_code == 200, moved.text
    history = client.simulate_get("/api/tokens/history", **ask).json["transactions"]
    assert [(entry["type"], entry["amount"], entry["reference"]) for entry in history] == [
        ("SPEND_ENHANCEMENT", -2, None),
        ("EARN_PURCHASE", 9, "pi_1"),
    ]
    assert client.simulate_get("/api/usage", **ask).json["images"]["used"] == 1
    assert client.simulate_get("/api/session", **ask).json["user"] == {"id": owner, "email": None}
    assert client.simulate_get("/api/sessions", **ask).json["sessions"] == []
    assert client.simulate_get("/api/settings/api-keys", **ask).json["apiKeys"] == []
    assert client.simulate_delete(f"/api/settings/api-keys/key_{'a' * 24}", **ask).status_code == 404
    assert client.simulate_get(f"/api/images/{image_id}", headers=as_("eve")).status_code in {403, 404}
    assert client.simulate_delete(f"/api/images/{image_id}", **ask).status_code == 200
    assert list(services.spike.maintenance.audit.findings()) == []


def test_the_anonymous_owner_is_nobodys(services: MemorySpike) -> None:
    client = a_client(services, ByTable({"t": ANONYMOUS.text, "u": "", "v": "a b", "w": "x" * 129}))
    for token in "tuvw":
        assert client.simulate_get("/api/images", headers=as_(token)).status_code == 401


def test_no_identity_has_an_id_that_no_owner_may_have() -> None:
    for text in (ANONYMOUS.text, "", "a b", "x" * 129):
        with pytest.raises(InvalidIdentifier):
            Identity(owner_id=OwnerId(text))


def test_credentials_for_another_service_are_forbidden(services: MemorySpike) -> None:
    class ForAnother:
        def authenticate(self, request: IncomingRequest) -> Identity | None:
            raise Forbidden

    answer = a_client(services, ForAnother()).simulate_get("/api/images", headers=as_("t"))
    assert (answer.status_code, answer.json["code"]) == (403, "FORBIDDEN")


@pytest.mark.parametrize("operation", SCOPES)
def test_an_owner_without_a_wallet_is_told_so_and_nothing_fails(services: MemorySpike, operation: str) -> None:
    client = a_client(services, ByTable({"t": "42"}))
    method, route = operation.split()
    path = "/".join("x" * 24 if part.startswith("{") else part for part in route.split("/"))
    body, headers = (an_upload(PICTURE), FORM) if "upload" in path else (b'{"name": "a"}', JSON)
    answer = client.simulate_request(method, path, body=body, headers={**headers, **as_("t")})
    assert answer.status_code < 500, answer.text
    if operation in {"POST /api/images/upload", "POST /api/albums", "GET /api/usage"}:
        assert (answer.status_code, answer.json["code"]) == (403, "WALLET_NOT_FOUND")
    assert services.holdings[0] == []


def test_an_authenticator_may_open_the_wallet_of_a_new_owner(services: MemorySpike) -> None:
    class Opening(ByTable):
        def authenticate(self, request: IncomingRequest) -> Identity | None:
            identity = super().authenticate(request)
            if identity is not None:
                services.spike.wallets.open(identity.owner_id, tokens=Tokens(7))
            return identity

    client = a_client(services, Opening({"t": "42"}))
    for _ in range(2):
        assert client.simulate_get("/api/tokens/balance", headers=as_("t")).json["balance"] == 7


@pytest.mark.parametrize("operation", SCOPES)
def test_scopes_hold_for_every_authenticator(services: MemorySpike, operation: str) -> None:
    required = SCOPES[operation]
    scopes = ALL_SCOPES if required is None else ALL_SCOPES - {required}
    client = a_client(services, ByTable({"t": "42"}, scopes))
    method, route = operation.split()
    path = "/".join("x" * 24 if part.startswith("{") else part for part in route.split("/"))
    refused = client.simulate_request(method, path, headers=as_("t"))
    assert refused.status_code == 403
    assert refused.json["code"] == ("SESSION_REQUIRED" if required is None else "INSUFFICIENT_SCOPE")


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_another_sites_page_cant_use_the_apps_cookie(services: MemorySpike, headers: dict[str, str]) -> None:
    services.spike.wallets.open(OwnerId("42"))
    client = a_client(services, ByTable({"t": "42"}))
    refused = client.simulate_post("/api/albums", json={"name": "a"}, headers={"Cookie": "shop=t", **headers})
    assert refused.status_code == 403
    own = {"Cookie": "shop=t", "Origin": "http://falconframework.org"}
    assert client.simulate_post("/api/albums", json={"name": "a"}, headers={"Cookie": "shop=t"}).status_code == 201
    assert client.simulate_post("/api/albums", json={"name": "a"}, headers={**headers, **as_("t")}).status_code == 201
    assert client.simulate_get("/api/albums", headers={**own, **headers}).status_code == 200


def test_spikes_own_credentials_mean_nothing_to_another_authenticator(services: MemorySpike) -> None:
    ada = services.register()
    client = a_client(services, ByTable({"t": "42"}))
    assert client.simulate_get("/api/images", headers=as_(ada.api_key.text)).status_code == 401
    cookie = {"Cookie": f"next-auth.session-token={ada.session_token.text}"}
    assert client.simulate_get("/api/images", headers=cookie).status_code == 401


def test_an_authenticator_may_hand_over_to_spikes_own(services: MemorySpike) -> None:
    """Then sessions and keys keep what they may do."""
    own = SpikeAuthenticator(services.spike.accounts.authentication)

    class Either(ByTable):
        def authenticate(self, request: IncomingRequest) -> Identity | None:
            if request.bearer_token in self.owners:
                return super().authenticate(request)
            return own.authenticate(request)

    ada = services.register()
    services.spike.wallets.open(OwnerId("42"))
    client = a_client(services, Either({"t": "42"}))
    session, key = as_(ada.session_token.text), as_(ada.api_key.text)
    assert client.simulate_post("/api/settings/api-keys", json={"name": "k"}, headers=session).status_code == 201
    assert client.simulate_post("/api/settings/api-keys", json={"name": "k"}, headers=key).status_code == 403
    assert client.simulate_get("/api/tokens/balance", headers=as_("t")).status_code == 200
    link = services.spike.accounts.sessions.open_link(ada.user.id).token
    assert client.simulate_post("/api/session", headers=as_(link.text)).status_code == 201


def test_a_sign_in_link_without_effect_is_refused_and_leaves_no_session(services: MemorySpike) -> None:
    """An app that takes no session of Spike's would answer with success, and then know no one."""
    ada = services.register()
    link = services.spike.accounts.sessions.open_link(ada.user.id).token
    before = services.spike.accounts.sessions.of(ada.user.id)
    refused = a_client(services, ByTable({"t": "42"})).simulate_post("/api/session", headers=as_(link.text))
    assert (refused.status_code, refused.json["error"]) == (403, "Sign-in links are not accepted here")
    assert "set-cookie" not in refused.headers
    assert services.spike.accounts.sessions.of(ada.user.id) == before


def test_what_cant_be_checked_is_no_answer_about_who_it_is(services: MemorySpike) -> None:
    class Down(ByTable):
        def authenticate(self, request: IncomingRequest) -> Identity | None:
            raise DatabaseUnavailable

    assert a_client(services, Down({})).simulate_get("/api/images", headers=as_("t")).status_code == 500


def test_an_address_is_never_counted_for_an_owner_of_that_name() -> None:
    """Nor does an anonymous client read the answer to an owner's request with the same Idempotency-Key."""
    services = MemorySpike.build(with_limits({RateLimitGroup.GENERAL: 1}))
    services.spike.wallets.open(OwnerId("127.0.0.1"))
    client = a_client(services, ByTable({"t": "127.0.0.1"}))
    assert client.simulate_get("/api/session").status_code == 200
    assert client.simulate_get("/api/session").status_code == 429
    assert client.simulate_get("/api/session", headers=as_("t")).status_code == 200
