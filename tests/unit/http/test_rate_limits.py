"""Rate limits over HTTP: the API's table, its headers, and what counts."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import evolve
from falcon import testing

from caller import PICTURE, Caller
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, a_form, a_part, an_upload
from spike_contracts.builders import an_image_id
from spike_core.domain.errors import LimiterUnavailable
from spike_core.domain.rate_limits import Allowance, RateLimit, RateLimitGroup
from spike_http import create_app
from spike_runtime import Settings

Ask = Callable[[Caller], testing.Result]
FORM = {"Content-Type": CONTENT_TYPE}


def form(caller: Caller, path: str, body: bytes) -> testing.Result:
    return caller.client.simulate_post(path, headers={**caller.headers, **FORM}, body=body)


ENDPOINTS: dict[RateLimitGroup, tuple[int, Ask]] = {
    RateLimitGroup.UPLOAD: (30, lambda caller: caller.upload(b"junk")),
    RateLimitGroup.BATCH_UPLOAD: (
        30,
        lambda caller: form(caller, "/api/images/batch-upload", a_form(a_part("x", b""))),
    ),
    RateLimitGroup.ENHANCE: (50, lambda caller: caller.post("/api/images/enhance", {})),
    RateLimitGroup.PARALLEL_ENHANCE: (50, lambda caller: caller.post("/api/images/parallel-enhance", {})),
    RateLimitGroup.MOVE: (50, lambda caller: caller.post("/api/images/move-to-album", {})),
    RateLimitGroup.GET_IMAGE: (100, lambda caller: caller.get(f"/api/images/{an_image_id()}")),
    RateLimitGroup.ANALYZE: (50, lambda caller: caller.post(f"/api/images/{an_image_id()}/analysis", {})),
    RateLimitGroup.ANONYMOUS_UPLOAD: (
        10,
        lambda caller: form(caller, "/api/images/anonymous-upload", an_upload(b"junk")),
    ),
    RateLimitGroup.ANONYMOUS_MIX: (5, lambda caller: caller.post("/api/images/anonymous-enhance", {})),
    RateLimitGroup.GENERATE: (50, lambda caller: caller.post("/api/mcp/generate", {})),
    RateLimitGroup.MODIFY: (50, lambda caller: caller.post("/api/mcp/modify", {})),
}


@pytest.mark.parametrize("bucket", ENDPOINTS, ids=lambda bucket: bucket.value)
def test_each_row_of_the_apis_table_is_kept(ada: Caller, services: MemorySpike, bucket: RateLimitGroup) -> None:
    limit, ask = ENDPOINTS[bucket]
    for left in reversed(range(limit)):
        answer = ask(ada)
        assert answer.status_code in {400, 404}
        assert answer.headers["X-RateLimit-Limit"] == str(limit)
        assert answer.headers["X-RateLimit-Remaining"] == str(left)
    services.clock.advance(timedelta(minutes=14))
    answer = ask(ada)
    assert answer.status_code == 429
    assert answer.json["error"] == "Too many requests"
    assert (answer.json["title"], answer.json["code"]) == ("Rate limit exceeded", "RATE_LIMIT")
    assert answer.json["suggestion"] == "Please wait before trying again."
    assert answer.json["retryAfter"] == 60
    assert answer.headers["Retry-After"] == "60"
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert answer.headers["X-RateLimit-Reset"] == str(int(services.clock.now().timestamp()) + 60)
    assert answer.headers["X-Request-ID"] == answer.json["requestId"]
    services.clock.advance(timedelta(minutes=1))
    assert ask(ada).status_code in {400, 404}


@pytest.mark.parametrize("bucket", [bucket for bucket in ENDPOINTS if "anonymous" not in bucket.value], ids=str)
def test_users_are_counted_apart(ada: Caller, bob: Caller, bucket: RateLimitGroup) -> None:
    limit, ask = ENDPOINTS[bucket]
    for _ in range(limit + 1):
        ask(ada)
    assert ask(bob).headers["X-RateLimit-Remaining"] == str(limit - 1)


def test_a_request_without_an_account_isnt_counted_as_anybodys(ada: Caller) -> None:
    answer = ada.client.simulate_post("/api/images/enhance", json={})
    assert answer.status_code == 401
    assert "X-RateLimit-Limit" not in answer.headers


def test_a_refused_request_does_nothing(ada: Caller, services: MemorySpike) -> None:
    for _ in range(30):
        ada.upload(b"junk")
    before = services.holdings
    assert ada.upload().status_code == 429
    assert services.holdings == before


def test_strangers_are_counted_by_their_address() -> None:
    services = MemorySpike.build(Settings(trusted_proxies="127.0.0.1"))
    client = testing.TestClient(create_app(services.spike))

    def upload(address: str) -> testing.Result:
        headers = {**FORM, "X-Forwarded-For": address}
        return client.simulate_post("/api/images/anonymous-upload", headers=headers, body=an_upload(PICTURE))

    for _ in range(10):
        assert upload("6.6.6.6, 1.2.3.4").status_code == 200
    assert upload("7.7.7.7, 1.2.3.4").status_code == 429
    assert upload("1.2.3.5").status_code == 200


def test_strangers_share_a_public_images_limit_by_address(ada: Caller, services: MemorySpike) -> None:
    image_id = ada.upload().json["image"]["id"]
    services.publish(image_id)
    assert ada.client.simulate_get(f"/api/images/{image_id}").headers["X-RateLimit-Remaining"] == "99"
    assert ada.get(f"/api/images/{image_id}").headers["X-RateLimit-Remaining"] == "99"


def test_batch_enhancement_and_what_we_added_have_no_limit(ada: Caller) -> None:
    for answer in (ada.post("/api/images/batch-enhance", {}), ada.get("/api/images"), ada.get("/healthz")):
        assert "X-RateLimit-Limit" not in answer.headers


def test_limits_are_settings() -> None:
    services = MemorySpike.build(Settings(rate_upload=1, rate_window_s=60, rate_enhance=0, rate_general=2))
    ada = Caller(testing.TestClient(create_app(services.spike)), services.register())
    assert [ada.upload(b"junk").status_code for _ in range(2)] == [400, 429]
    services.clock.advance(timedelta(seconds=60))
    assert ada.upload(b"junk").status_code == 400
    assert {ada.post("/api/images/enhance", {}).status_code for _ in range(60)} == {400}
    assert [ada.get("/api/images").status_code for _ in range(3)] == [200, 200, 429]


class BrokenLimiter:
    """Doesn't answer for a while."""

    broken = True

    def hit(self, caller: str, rate: RateLimit) -> Allowance:
        raise LimiterUnavailable


def test_a_limiter_that_fails_lets_everybody_pass() -> None:
    """Lesson 19: one error of the store disabled the limiter for the life of the process, or the service with it."""
    services = MemorySpike.build()
    ada = Caller(testing.TestClient(create_app(evolve(services.spike, limiter=BrokenLimiter()))), services.register())
    assert ada.upload().status_code == 200
