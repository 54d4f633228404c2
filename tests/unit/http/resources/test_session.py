"""`/api/session`: sign a browser in and out."""

import pytest
from falcon import testing

from caller import Caller
from memory_spike import MemorySpike
from spike_http import create_app
from spike_runtime import Settings


def signed_in(ada: Caller) -> str:
    """Return the token of a browser's session."""
    cookie = ada.post("/api/session").cookies["next-auth.session-token"]
    return cookie.value


def test_the_cookie_is_a_session_of_its_own_that_no_script_and_no_other_site_can_use(ada: Caller) -> None:
    answer = ada.post("/api/session")
    assert answer.status_code == 201
    assert answer.json == {"success": True, "user": {"id": ada.registered.user.id.text, "email": "ada@example.org"}}
    cookie = answer.cookies["next-auth.session-token"]
    assert (cookie.http_only, cookie.same_site, cookie.path, cookie.secure) == (True, "Lax", "/", False)
    assert cookie.max_age == 30 * 24 * 3600
    assert cookie.value != ada.registered.session_token.text
    assert answer.headers["cache-control"] == "no-store"
    balance = ada.client.simulate_get("/api/tokens/balance", cookies={"next-auth.session-token": cookie.value})
    assert balance.status_code == 200


def test_behind_https_the_cookie_is_a_secure_one() -> None:
    services = MemorySpike.build(Settings(public_url="https://spike.example.org"))
    ada = Caller(testing.TestClient(create_app(services.spike)), services.register())
    cookie = ada.post("/api/session").cookies["__Host-next-auth.session-token"]
    assert (cookie.secure, cookie.path, bool(cookie.domain)) == (True, "/", False)
    out = ada.client.simulate_delete("/api/session", cookies={cookie.name: cookie.value})
    gone = out.cookies[cookie.name]
    assert (gone.value, gone.secure, gone.path) == ("", True, "/"), "else browsers keep it"
    assert "expires=Thu, 01 Jan 1970" in out.headers["set-cookie"]


def test_an_api_key_opens_no_session(ada: Caller) -> None:
    headers = {"Authorization": f"Bearer {ada.registered.api_key.text}"}
    answer = ada.client.simulate_post("/api/session", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, "SESSION_REQUIRED")
    assert answer.json["suggestion"] == "Please sign in: an API key opens no session and creates no keys"
    assert not answer.cookies
    assert len(ada.get("/api/sessions").json["sessions"]) == 1


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}])
def test_nobody_signs_in_without_good_credentials(ada: Caller, headers: dict[str, str]) -> None:
    answer = ada.client.simulate_post("/api/session", headers=headers)
    assert answer.status_code == 401
    assert not answer.cookies


def test_who_is_signed_in_is_told_and_nobody_is_no_error(ada: Caller) -> None:
    assert ada.get("/api/session").json["user"]["email"] == "ada@example.org"
    assert ada.client.simulate_get("/api/session").json == {"success": True, "user": None}


def test_signing_out_ends_this_session_and_no_other(ada: Caller) -> None:
    ours, other = signed_in(ada), signed_in(ada)
    answer = ada.client.simulate_delete("/api/session", cookies={"next-auth.session-token": ours})
    assert answer.json == {"success": True, "stillSignedIn": False}
    assert answer.cookies["next-auth.session-token"].value == ""
    statuses = [
        ada.client.simulate_get("/api/session", cookies={"next-auth.session-token": token}).status_code
        for token in (ours, other, ada.registered.session_token.text)
    ]
    assert statuses == [401, 200, 200]


def test_an_ended_session_can_still_be_signed_out(ada: Caller) -> None:
    answer = ada.client.simulate_delete("/api/session", cookies={"next-auth.session-token": "long gone"})
    assert answer.status_code == 200
    assert answer.cookies["next-auth.session-token"].value == ""


def test_another_sites_page_signs_nobody_out(ada: Caller) -> None:
    token = signed_in(ada)
    cookies, headers = {"next-auth.session-token": token}, {"Origin": "https://evil.example"}
    assert ada.client.simulate_delete("/api/session", cookies=cookies, headers=headers).status_code == 403
    assert ada.client.simulate_get("/api/session", cookies=cookies).status_code == 200
