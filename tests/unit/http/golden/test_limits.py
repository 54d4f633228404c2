"""The API's table of rate limits, row by row: limit, window and counted key."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from falcon import testing

from caller import Caller
from golden.tables import RATES, WINDOW_MINUTES
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, a_form, a_part, an_upload
from spike_contracts.builders import an_image_id

Ask = Callable[[Caller], testing.Result]
WINDOW_S = WINDOW_MINUTES * 60


def posting(path: str) -> Ask:
    return lambda caller: caller.post(path, {})


def sending(path: str, form: bytes) -> Ask:
    headers = {"Content-Type": CONTENT_TYPE}
    return lambda caller: caller.client.simulate_post(path, headers={**caller.headers, **headers}, body=form)


ASK: dict[str, Ask] = {
    "Upload": sending("/api/images/upload", an_upload(b"junk")),
    "Batch Upload": sending("/api/images/batch-upload", a_form(a_part("other", b""))),
    "Enhancement": posting("/api/images/enhance"),
    "Parallel Enhancement": posting("/api/images/parallel-enhance"),
    "Move to Album": posting("/api/images/move-to-album"),
    "Get Image": lambda caller: caller.get(f"/api/images/{an_image_id()}"),
    "Anonymous Upload": sending("/api/images/anonymous-upload", an_upload(b"junk")),
    "Anonymous Mix": posting("/api/images/anonymous-enhance"),
    "MCP Generate": posting("/api/mcp/generate"),
    "MCP Modify": posting("/api/mcp/modify"),
}


@pytest.mark.parametrize("row", RATES)
def test_a_limited_endpoint_says_what_its_row_says(ada: Caller, bob: Caller, services: MemorySpike, row: str) -> None:
    """Ada and Bob use the same address."""
    (limit, identifier), ask = RATES[row], ASK[row]
    first, second, other = ask(ada), ask(ada), ask(bob)
    assert {first.status_code, second.status_code, other.status_code} <= {400, 404}
    assert first.headers["X-RateLimit-Limit"] == str(limit)
    assert first.headers["X-RateLimit-Reset"] == str(int(services.clock.now().timestamp()) + WINDOW_S)
    remaining = [int(answer.headers["X-RateLimit-Remaining"]) for answer in (first, second, other)]
    assert remaining == [limit - 1, limit - 2, limit - 1 if identifier == "User ID" else limit - 3]


@pytest.mark.parametrize("row", RATES)
def test_the_request_beyond_the_limit_is_refused_until_the_window_ends(
    ada: Caller, services: MemorySpike, row: str
) -> None:
    (limit, _), ask = RATES[row], ASK[row]
    assert {ask(ada).status_code for _ in range(limit)} <= {400, 404}
    assert ask(ada).headers["Retry-After"] == str(WINDOW_S)
    services.clock.advance(timedelta(seconds=WINDOW_S))
    assert ask(ada).status_code in {400, 404}


def test_the_rows_are_counted_apart(ada: Caller) -> None:
    for row, (limit, _) in RATES.items():
        assert ASK[row](ada).headers["X-RateLimit-Remaining"] == str(limit - 1)


def test_batch_enhancement_is_not_limited(ada: Caller) -> None:
    answers = [ada.post("/api/images/batch-enhance", {}) for _ in range(101)]
    assert {answer.status_code for answer in answers} == {400}
    assert not any("X-RateLimit-Limit" in answer.headers for answer in answers)
