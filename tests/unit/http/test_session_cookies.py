"""Several session cookies at once: a browser sends one for each path and each name, in any order."""

import time

import pytest

from caller import Caller
from spike_http.credentials import SESSION_COOKIES_MAX

PLAIN, SECURE = "next-auth.session-token", "__Secure-next-auth.session-token"


def status(ada: Caller, cookies: str) -> int:
    return ada.client.simulate_get("/api/tokens/balance", headers={"Cookie": cookies}).status_code


@pytest.mark.parametrize(
    "cookies",
    [
        f"{PLAIN}=stale; {PLAIN}={{good}}",
        f"{PLAIN}={{good}}; {PLAIN}=stale",
        f"{SECURE}=stale; {PLAIN}={{good}}",
        f"{PLAIN}=stale; {SECURE}={{good}}",
        f"{SECURE}=stale; {SECURE}={{good}}",
        f"{SECURE}=stale; {PLAIN}=stale; a=b; {PLAIN}={{good}}",
        f"{PLAIN}=; {PLAIN}={{good}}",
        "; ".join([f"{PLAIN}=stale"] * 100) + f"; {PLAIN}={{good}}",
    ],
)
def test_an_old_cookie_signs_nobody_out(ada: Caller, cookies: str) -> None:
    assert status(ada, cookies.format(good=ada.registered.session_token.text)) == 200


def test_without_a_good_one_all_are_refused(ada: Caller) -> None:
    assert status(ada, f"{PLAIN}=stale; {PLAIN}=older; {SECURE}=oldest") == 401


def test_so_many_are_tried_and_no_more(ada: Caller) -> None:
    """Each costs a database query, and a header can contain hundreds."""
    stale = "; ".join(f"{PLAIN}=stale{number}" for number in range(SESSION_COOKIES_MAX - 1))
    good = f"{PLAIN}={ada.registered.session_token.text}"
    assert status(ada, f"{stale}; {good}") == 200
    assert status(ada, f"{stale}; {PLAIN}=one-more; {good}") == 401


def test_a_good_cookie_among_old_ones_is_still_refused_from_another_site(ada: Caller) -> None:
    cookies = f"{PLAIN}=stale; {PLAIN}={ada.registered.session_token.text}"
    headers = {"Cookie": cookies, "Origin": "https://evil.example"}
    assert ada.client.simulate_post("/api/jobs/none/cancel", headers=headers).status_code == 403


def test_signing_out_ends_the_sessions_of_all(ada: Caller) -> None:
    ours = [ada.post("/api/session").cookies[PLAIN].value for _ in range(2)]
    cookies = f"{PLAIN}=stale; {PLAIN}={ours[0]}; {SECURE}={ours[1]}"
    answer = ada.client.simulate_delete("/api/session", headers={"Cookie": cookies})
    assert answer.status_code == 200
    assert {name: cookie.value for name, cookie in answer.cookies.items()} == {PLAIN: "", SECURE: ""}
    assert [status(ada, f"{PLAIN}={token}") for token in ours] == [401, 401]


def test_escapes_without_end_are_read_soon(ada: Caller) -> None:
    """Python's own parser took a minute."""
    began_s = time.process_time()
    assert status(ada, f'{PLAIN}="' + "\\1" * 40_000 + '"') == 401
    assert time.process_time() - began_s < 5, "a hang guard"


def test_a_cookie_in_quotes_is_read(ada: Caller) -> None:
    assert status(ada, f'{PLAIN}="{ada.registered.session_token.text}"') == 200
