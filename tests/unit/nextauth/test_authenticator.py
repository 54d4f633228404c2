"""NextAuth's cookies over HTTP: who gets in, who learns why not, and what is protected as with Spike's own cookie."""

from typing import Any, Final

import pytest
from attrs import evolve
from falcon import testing

from caller import PICTURE
from memory_fixtures import LostDatabase
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, an_upload
from nextauth_tokens import SECRET, V4, V5, a_token
from spike_contracts.authenticator import AuthenticatorContract
from spike_core.ports.authenticator import Authenticator, IncomingRequest
from spike_http import create_app
from spike_nextauth import NextAuthAuthenticator
from spike_nextauth.cookies import CHUNKS_MAX, TOKEN_CHARS_MAX, TOKENS_MAX
from spike_runtime import Settings

OPEN: Final = Settings(nextauth_secret=SECRET, sign_up="open")  # type: ignore[arg-type]  # as from the environment
CLOSED: Final = Settings(nextauth_secret=SECRET)  # type: ignore[arg-type]
LINKING: Final = Settings(nextauth_secret=SECRET, nextauth_link="email")  # type: ignore[arg-type]


class Site:
    """A Spike with these settings, and its visitors."""

    def __init__(self, settings: Settings) -> None:
        self.services = MemorySpike.build(settings)
        self.client = testing.TestClient(create_app(self.services.spike))

    def token(self, sub: str = "1", *, cookie: str = V4, **claims: Any) -> str:
        now_s = int(self.services.clock.now().timestamp())
        return a_token({"sub": sub, "email": "ada@example.org", "exp": now_s + 3600, **claims}, cookie=cookie)

    def get(self, cookies: str, path: str = "/api/tokens/balance", **headers: str) -> testing.Result:
        return self.client.simulate_get(path, headers={"Cookie": cookies, **headers})

    def users(self) -> int:
        with self.services.spike.database.transactions.view() as tx:
            return len(tx.users.page(limit=100))


@pytest.fixture(params=[V4, V5])
def cookie(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


class TestNextAuthAuthenticator(AuthenticatorContract):
    @pytest.fixture
    def site(self) -> Site:
        return Site(OPEN)

    @pytest.fixture
    def authenticator(self, site: Site) -> Authenticator:
        (authenticator,) = site.services.spike.sign_ins
        return authenticator

    @pytest.fixture
    def lost_authenticator(self, authenticator: NextAuthAuthenticator) -> Authenticator:
        lost_users = evolve(authenticator.users, transactions=LostDatabase().transactions)
        return evolve(authenticator, users=lost_users)

    @pytest.fixture(params=[V4, V5])
    def request_of_ada(self, site: Site, request: pytest.FixtureRequest) -> IncomingRequest:
        name: str = request.param
        return IncomingRequest(method="GET", headers={"cookie": f"{name}={site.token(cookie=name)}"})


def test_a_new_person_gets_an_account_and_does_what_a_user_does(cookie: str) -> None:
    site = Site(OPEN)
    sent = {"Cookie": f"{cookie}={site.token(cookie=cookie)}"}
    assert site.client.simulate_get("/api/session", headers=sent).json["user"]["email"] == "ada@example.org"
    form = {**sent, "Content-Type": CONTENT_TYPE}
    uploaded = site.client.simulate_post("/api/images/upload", headers=form, body=an_upload(PICTURE))
    assert uploaded.status_code == 200, uploaded.text
    key = site.client.simulate_post("/api/settings/api-keys", headers=sent, json={"name": "k"})
    assert key.status_code == 201, key.text
    assert site.client.simulate_get("/api/sessions", headers=sent).json["sessions"] == []
    assert site.client.simulate_get("/api/tokens/balance", headers=sent).json["balance"] == 98
    assert site.users() == 1
    assert list(site.services.spike.maintenance.audit.findings()) == []


def test_an_identity_stays_its_users_when_its_address_changes() -> None:
    site = Site(OPEN)
    first = site.get(f"{V4}={site.token('1')}", "/api/session").json["user"]
    again = site.get(f"{V4}={site.token('1', email='new@example.org')}", "/api/session").json["user"]
    assert first == again


@pytest.mark.parametrize(
    ("settings", "claims", "code"),
    [
        (CLOSED, {}, "SIGN_UP_CLOSED"),
        (LINKING, {}, "SIGN_UP_CLOSED"),
        (OPEN, {"email": "bob@example.org"}, "IDENTITY_NOT_LINKED"),
        (CLOSED, {"email": "bob@example.org"}, "IDENTITY_NOT_LINKED"),
        (LINKING, {"email": "bob@example.org", "email_verified": False}, "VERIFIED_EMAIL_REQUIRED"),
        (OPEN, {"email": None}, "VERIFIED_EMAIL_REQUIRED"),
        (OPEN, {"email": "no address"}, "VERIFIED_EMAIL_REQUIRED"),
    ],
)
def test_whoever_has_no_account_is_told_what_to_do(settings: Settings, claims: dict[str, Any], code: str) -> None:
    """What is for everybody stays so."""
    site = Site(settings)
    site.services.register("bob@example.org")
    sent = f"{V4}={site.token(**claims)}"
    for path in ("/api/tokens/balance", "/api/session"):
        answer = site.get(sent, path)
        assert (answer.status_code, answer.json["code"]) == (403, code)
        assert answer.json["suggestion"].startswith("Please ")
    assert site.get(sent, "/api/tiers").status_code == 200
    assert site.users() == 1


def test_an_account_is_linked_by_its_address_where_the_setting_says_so(cookie: str) -> None:
    site = Site(LINKING)
    ada = site.services.register("ada@example.org")
    sent = f"{cookie}={site.token(cookie=cookie, email='ADA@example.org')}"
    assert site.get(sent, "/api/session").json["user"]["id"] == ada.user.id.text
    assert site.users() == 1


def test_expired_and_changed_tokens_are_401(cookie: str) -> None:
    site = Site(OPEN)
    token = site.token(cookie=cookie)
    for wrong in (site.token(cookie=cookie, exp=1), token[:-1], token.replace(".", "A.", 1), token + "." + token):
        assert site.get(f"{cookie}={wrong}").status_code == 401
    assert site.users() == 0


@pytest.mark.parametrize("size", [1, 40, 500])
def test_chunks_are_joined_by_their_numbers(cookie: str, size: int) -> None:
    site = Site(OPEN)
    token = site.token(cookie=cookie, name="x" * 3000 if size == 500 else "x")
    chunks = [token[start : start + size] for start in range(0, len(token), size)]
    sent = [f"{cookie}.{number}={chunk}" for number, chunk in enumerate(chunks)]
    expected = 200 if len(chunks) <= CHUNKS_MAX else 401 if size > 40 else None
    status = site.get("; ".join(reversed(sent))).status_code
    assert status == (expected or 401)
    assert site.get("; ".join(sent[1:])).status_code == 401


def test_a_wrong_cookie_stops_no_valid_credential(cookie: str) -> None:
    site = Site(OPEN)
    good, bad = site.token(cookie=cookie), site.token(cookie=cookie, exp=1)
    ada = site.services.register("bob@example.org")
    own = f"next-auth.session-token={ada.session_token.text}"
    for sent in (
        f"{cookie}={bad}; {cookie}={good}",
        f"{cookie}=opaque; {cookie}={good}",
        f"{cookie}.0=x; {cookie}={good}",
        "; ".join([f"{V4}={bad}"] * 99) + f"; {cookie}={good}",
        f"{cookie}={'x' * (TOKEN_CHARS_MAX + 1)}; {cookie}={good}",
    ):
        assert site.get(sent).status_code == 200
    many = "; ".join(f"{cookie}={site.token(str(each), cookie=cookie, exp=1)}" for each in range(TOKENS_MAX))
    for sent in (f"{cookie}={bad}; {own}", f"{own}; {cookie}={bad}", f"{many}; {own}"):
        assert site.get(sent, "/api/session").json["user"]["email"] == "bob@example.org"
    assert site.get(f"{many}; {cookie}={good}").status_code == 401
    assert site.get(f"{cookie}={bad}", Authorization=f"Bearer {ada.api_key.text}").status_code == 200
    assert site.get(f"{cookie}={good}", Authorization="Bearer wrong").status_code == 401


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_another_sites_page_changes_nothing(cookie: str, headers: dict[str, str]) -> None:
    site = Site(OPEN)
    sent = {"Cookie": f"{cookie}={site.token(cookie=cookie)}", **headers}
    assert site.client.simulate_post("/api/albums", headers=sent, json={"name": "a"}).status_code == 403


def test_it_opens_no_session_that_would_outlast_it() -> None:
    site = Site(OPEN)
    answer = site.client.simulate_post("/api/session", headers={"Cookie": f"{V4}={site.token()}"})
    assert (answer.status_code, answer.json["code"]) == (403, "SESSION_REQUIRED")


def test_signing_out_says_what_it_cant_end_and_leaves_the_apps_cookie() -> None:
    site = Site(OPEN)
    ada = site.services.register("bob@example.org")
    own, token = ada.session_token.text, site.token()
    sent = {"Cookie": f"{V4}={token}; __Secure-{V4}={own}"}
    answer = site.client.simulate_delete("/api/session", headers=sent)
    assert answer.json == {"success": True, "stillSignedIn": True}
    assert answer.headers["Set-Cookie"].startswith(f"__Secure-{V4}=")
    assert site.get(f"__Secure-{V4}={own}").status_code == 401
    assert site.get(f"{V4}={token}").status_code == 200
    stale = site.client.simulate_delete("/api/session", headers={"Cookie": f"{V4}={site.token(exp=1)}"})
    assert stale.json["stillSignedIn"] is False
    assert stale.headers["Set-Cookie"].startswith(f"{V4}=")


def test_without_the_setting_the_cookie_of_another_program_is_none_of_ours() -> None:
    site = Site(Settings())
    assert site.get(f"{V4}={site.token()}", "/api/session").json["user"] is None
    assert site.get(f"{V4}={site.token()}").status_code == 401


@pytest.mark.parametrize("secret", ["short", f"{SECRET},short", f"{SECRET},", ",".join([SECRET] * 6)])
def test_secrets_that_can_be_guessed_are_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(ValueError, match="SPIKE_NEXTAUTH_SECRET") as caught:
        Settings(nextauth_secret=secret)  # type: ignore[arg-type]
    assert SECRET not in str(caught.value)
