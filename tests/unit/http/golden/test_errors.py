"""Error responses have the messages, codes and headers of the API."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import frozen
from falcon import testing

from caller import Caller
from faults import FullBlobStore
from golden.errors import (
    FORBIDDEN,
    INSUFFICIENT_TOKENS,
    INTERNAL,
    INVALID,
    NOT_FOUND,
    RATE_LIMITED,
    UNAUTHORIZED,
    UPLOAD_TOO_LARGE,
)
from golden.looks import CDN, assert_served
from golden.tables import STATUS_OF_CODE
from memory_spike import MemorySpike
from spike_contracts.builders import an_image_id
from spike_core.domain.limits import UPLOAD_BYTES_MAX
from spike_http import create_app
from spike_memory import MemoryBlobStore
from spike_runtime import Settings


@frozen
class Scene:
    """An application, and its users."""

    services: MemorySpike
    client: testing.TestClient

    def caller(self, email: str, *, tokens: int = 100) -> Caller:
        return Caller(self.client, self.services.register(email, tokens=tokens))


def unauthorized(scene: Scene) -> testing.Result:
    image_id = scene.caller("ada@example.org").upload().json["image"]["id"]
    return scene.client.simulate_get(f"/api/images/{image_id}")


def forbidden(scene: Scene) -> testing.Result:
    image_id = scene.caller("ada@example.org").upload().json["image"]["id"]
    return scene.caller("bob@example.org").get(f"/api/images/{image_id}")


def not_found(scene: Scene) -> testing.Result:
    return scene.caller("ada@example.org").get(f"/api/images/{an_image_id()}")


def rate_limited(scene: Scene) -> testing.Result:
    ada = scene.caller("ada@example.org")
    for _ in range(50):
        ada.post("/api/images/enhance", {})
    scene.services.clock.advance(timedelta(minutes=14))
    return ada.post("/api/images/enhance", {})


def invalid(scene: Scene) -> testing.Result:
    return scene.caller("ada@example.org").post("/api/images/enhance", {"tier": "TIER_2K"})


def too_large(scene: Scene) -> testing.Result:
    return scene.caller("ada@example.org").upload(b"x" * (UPLOAD_BYTES_MAX + 1))


def unpaid(scene: Scene) -> testing.Result:
    """Enhancing two images costs ten tokens of five; the tier of an upload was already paid."""
    ada = scene.caller("ada@example.org", tokens=9)
    images = [ada.upload().json["image"]["id"] for _ in range(2)]
    return ada.post("/api/images/batch-enhance", {"imageIds": images, "tier": "TIER_2K"})


def failing(scene: Scene) -> testing.Result:
    return scene.caller("ada@example.org").upload()


CASES: dict[str, tuple[Callable[[Scene], testing.Result], dict[str, Any]]] = {
    "UNAUTHORIZED": (unauthorized, UNAUTHORIZED),
    "FORBIDDEN": (forbidden, FORBIDDEN),
    "NOT_FOUND": (not_found, NOT_FOUND),
    "INVALID_INPUT": (invalid, INVALID),
    "FILE_TOO_LARGE": (too_large, UPLOAD_TOO_LARGE),
    "RATE_LIMIT": (rate_limited, RATE_LIMITED),
    "INSUFFICIENT_TOKENS": (unpaid, INSUFFICIENT_TOKENS),
    "INTERNAL_ERROR": (failing, INTERNAL),
}


@pytest.mark.parametrize("code", CASES)
def test_each_code_comes_with_its_status_words_and_request_id(code: str) -> None:
    services = MemorySpike.build(
        Settings(cdn_url=CDN), blobs=FullBlobStore if code == "INTERNAL_ERROR" else MemoryBlobStore
    )
    ask, expected = CASES[code]
    answer = ask(Scene(services, testing.TestClient(create_app(services.spike))))
    assert answer.status_code == STATUS_OF_CODE[code]
    assert answer.headers["Content-Type"].startswith("application/json")
    assert_served(expected, answer.json)
    assert answer.json["requestId"] == answer.headers["X-Request-ID"]


def test_every_code_of_the_table_is_tried() -> None:
    assert CASES.keys() == STATUS_OF_CODE.keys()


def test_a_429_has_the_headers_of_the_api() -> None:
    services = MemorySpike.build()
    answer = rate_limited(Scene(services, testing.TestClient(create_app(services.spike))))
    assert answer.headers["Retry-After"] == "60"
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert answer.headers["X-RateLimit-Reset"] == str(int(services.clock.now().timestamp()) + 60)
    assert re.fullmatch(r"req_[a-z0-9]{24}", answer.headers["X-Request-ID"])


def test_every_answer_has_a_request_id(client: testing.TestClient, ada: Caller) -> None:
    answers = [ada.upload(), ada.get("/api/tokens/balance"), client.simulate_get("/nowhere"), ada.upload(b"junk")]
    ids = {answer.headers["X-Request-ID"] for answer in answers}
    assert len(ids) == len(answers)
