"""The header `Idempotency-Key`."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from falcon import testing

from caller import PICTURE, Caller
from faults import FaultyTransactions, database_fails
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, a_form, a_part, an_upload
from spike_core.domain.dimensions import Dimensions
from spike_core.services.uploads import Uploads
from spike_http import create_app
from spike_memory.engine import a_picture
from spike_runtime import Spike

FORM = {"Content-Type": CONTENT_TYPE}
JSON = {"Content-Type": "application/json"}
OTHER = a_picture(Dimensions(width_px=64, height_px=48))
ENCODED = {"base64": base64.b64encode(PICTURE).decode(), "mimeType": "image/jpeg"}

Send = Callable[..., testing.Result]


@pytest.fixture
def image_id(ada: Caller, services: MemorySpike) -> str:
    uploaded: str = ada.upload().json["image"]["id"]
    services.work()
    return uploaded


def keyed(caller: Caller, path: str, body: bytes | dict[str, Any], *, key: str = "key-1") -> testing.Result:
    headers = {**caller.headers, "Idempotency-Key": key}
    if isinstance(body, bytes):
        return caller.client.simulate_post(path, headers={**headers, **FORM}, body=body)
    return caller.client.simulate_post(path, headers={**headers, **JSON}, body=json.dumps(body))


def with_uploads(spike: Spike, uploads: Uploads) -> Spike:
    """Return a Spike that uploads otherwise."""
    return evolve(spike, images=evolve(spike.images, uploads=uploads))


def requests(image_id: str, another: str, anonymous: str) -> dict[str, bytes | dict[str, Any]]:
    """Return a request for every endpoint that accepts the header."""
    files = [a_part("files", PICTURE, filename="a.jpg"), a_part("files", b"junk", filename="b.jpg")]
    return {
        "/api/images/upload": an_upload(PICTURE),
        "/api/images/batch-upload": a_form(*files),
        "/api/images/enhance": {"imageId": image_id, "tier": "TIER_2K", "blendSource": ENCODED},
        "/api/images/parallel-enhance": {"imageId": image_id, "tiers": ["TIER_1K", "FREE"]},
        "/api/images/batch-enhance": {"imageIds": [image_id, another], "tier": "TIER_1K"},
        "/api/images/anonymous-upload": an_upload(PICTURE),
        "/api/images/anonymous-enhance": {"imageId": anonymous, "blendSource": ENCODED},
        "/api/mcp/generate": {"prompt": "a mountain", "tier": "TIER_1K"},
        "/api/mcp/modify": {"prompt": "snow", "tier": "TIER_1K", "image": ENCODED["base64"], "mimeType": "image/jpeg"},
        "/api/albums": {"name": "Holidays", "privacy": "UNLISTED"},
    }


PATHS = list(requests("", "", ""))


@pytest.fixture
def bodies(ada: Caller, services: MemorySpike, image_id: str) -> dict[str, bytes | dict[str, Any]]:
    another = ada.upload().json["image"]["id"]
    anonymous = ada.client.simulate_post("/api/images/anonymous-upload", headers=FORM, body=an_upload(PICTURE))
    services.work()
    return requests(image_id, another, anonymous.json["image"]["id"])


@pytest.mark.parametrize("path", PATHS)
def test_the_same_request_has_one_effect_and_one_answer(
    ada: Caller, services: MemorySpike, bodies: dict[str, Any], path: str
) -> None:
    first = keyed(ada, path, bodies[path])
    assert first.status_code == (201 if path == "/api/albums" else 200)
    assert "Idempotency-Replayed" not in first.headers
    before = (services.holdings, ada.get("/api/albums").json)
    second = keyed(ada, path, bodies[path])
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["Content-Type"] == first.headers["Content-Type"]
    assert second.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert (services.holdings, ada.get("/api/albums").json) == before


@pytest.mark.parametrize("path", PATHS)
def test_without_the_header_each_request_has_its_effect(ada: Caller, bodies: dict[str, Any], path: str) -> None:
    body = bodies[path]
    headers = {**ada.headers, **(FORM if isinstance(body, bytes) else JSON)}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answers = [ada.client.simulate_post(path, headers=headers, body=content) for _ in range(2)]
    assert answers[0].content != answers[1].content


@pytest.mark.parametrize("path", PATHS)
def test_another_key_is_another_request(ada: Caller, bodies: dict[str, Any], path: str) -> None:
    first, second = (keyed(ada, path, bodies[path], key=key) for key in ("one", "two"))
    assert first.content != second.content


def test_another_payload_with_the_same_key_is_refused(ada: Caller, services: MemorySpike, image_id: str) -> None:
    keyed(ada, "/api/images/enhance", {"imageId": image_id, "tier": "TIER_1K"})
    before = services.holdings
    for path, body in (
        ("/api/images/enhance", {"imageId": image_id, "tier": "TIER_2K"}),
        ("/api/images/parallel-enhance", {"imageId": image_id, "tiers": ["TIER_1K"]}),
        ("/api/images/upload", an_upload(PICTURE)),
    ):
        answer = keyed(ada, path, body)
        assert (answer.status_code, answer.json["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert services.holdings == before


def test_forms_are_told_apart_by_name_content_and_album(ada: Caller) -> None:
    album = ada.post("/api/albums", {"name": "A"}).json["album"]["id"].encode()
    assert keyed(ada, "/api/images/upload", an_upload(PICTURE)).status_code == 200
    for body in (
        an_upload(OTHER),
        an_upload(PICTURE, filename="b.jpg"),
        a_form(a_part("file", PICTURE, filename="photo.jpg"), a_part("albumId", album)),
    ):
        assert keyed(ada, "/api/images/upload", body).status_code == 422
    files = [a_part("files", PICTURE, filename="a.jpg"), a_part("files", OTHER, filename="b.jpg")]
    assert keyed(ada, "/api/images/batch-upload", a_form(*files), key="two").status_code == 200
    assert keyed(ada, "/api/images/batch-upload", a_form(*reversed(files)), key="two").status_code == 422


def test_a_boundary_isnt_part_of_what_a_form_says(ada: Caller) -> None:
    first = keyed(ada, "/api/images/upload", an_upload(PICTURE))
    body = an_upload(PICTURE).replace(b"spike-test-boundary", b"another-boundary")
    headers = {
        **ada.headers,
        "Idempotency-Key": "key-1",
        "Content-Type": CONTENT_TYPE.replace("spike-test-boundary", "another-boundary"),
    }
    assert ada.client.simulate_post("/api/images/upload", headers=headers, body=body).content == first.content


def test_callers_have_keys_of_their_own(ada: Caller, bob: Caller) -> None:
    first, second = (keyed(caller, "/api/images/upload", an_upload(PICTURE)) for caller in (ada, bob))
    assert first.status_code == second.status_code == 200
    assert first.json["image"]["id"] != second.json["image"]["id"]


def test_a_replay_needs_no_tokens(poor: Caller) -> None:
    first = keyed(poor, "/api/mcp/generate", {"prompt": "a mountain", "tier": "TIER_1K"})
    assert poor.get("/api/tokens/balance").json["balance"] == 1
    assert keyed(poor, "/api/mcp/generate", {"prompt": "a mountain", "tier": "TIER_1K"}).content == first.content


def test_a_refused_request_may_be_sent_again(poor: Caller, services: MemorySpike) -> None:
    body = {"prompt": "a mountain", "tier": "TIER_2K"}
    assert keyed(poor, "/api/mcp/generate", body).status_code == 402
    services.clock.advance(timedelta(minutes=30))
    assert keyed(poor, "/api/mcp/generate", body).status_code == 200


def test_a_key_counts_for_a_day(ada: Caller, services: MemorySpike) -> None:
    first = keyed(ada, "/api/images/upload", an_upload(PICTURE))
    services.clock.advance(timedelta(hours=24) - timedelta(microseconds=1))
    assert keyed(ada, "/api/images/upload", an_upload(PICTURE)).content == first.content
    assert services.spike.idempotency.purge() == 0
    services.clock.advance(timedelta(seconds=1))
    assert keyed(ada, "/api/images/upload", an_upload(PICTURE)).content != first.content
    services.clock.advance(timedelta(hours=25))
    assert services.spike.idempotency.purge() == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "\x7f"])
def test_what_isnt_a_key_is_refused(ada: Caller, services: MemorySpike, key: str) -> None:
    before = services.holdings
    answer = keyed(ada, "/api/images/upload", an_upload(PICTURE), key=key)
    assert (answer.status_code, answer.json["code"]) == (400, "INVALID_INPUT")
    assert services.holdings == before


def test_an_answer_that_was_lost_after_the_commit_is_given_again(ada: Caller, services: MemorySpike) -> None:
    """The charge is stored, the client gets a 500 and repeats the request."""
    transactions = FaultyTransactions(services.spike.database.transactions)
    uploads = evolve(services.spike.images.uploads, transactions=transactions)
    client = testing.TestClient(create_app(with_uploads(services.spike, uploads)))
    unlucky = Caller(client, ada.registered)
    transactions.after_commit.append(database_fails)
    assert keyed(unlucky, "/api/images/upload", an_upload(PICTURE)).status_code == 500
    again = keyed(unlucky, "/api/images/upload", an_upload(PICTURE))
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert ada.get("/api/tokens/balance").json["balance"] == 98
    assert [image["id"] for image in ada.get("/api/images").json["images"]] == [again.json["image"]["id"]]


def test_the_same_request_at_the_same_time_is_told_to_wait(ada: Caller, services: MemorySpike) -> None:
    nested: list[testing.Result] = []
    probe = services.spike.images.uploads.ingest.probe

    class Nosy:
        def identify(self, content: Any) -> Any:
            nested.append(keyed(caller, "/api/images/upload", an_upload(PICTURE)))
            return probe.identify(content)

        def inspect(self, content: Any, *, pixels_max: int = 0) -> Any:
            return probe.inspect(content)

        def compare(self, result: Any, original: Any) -> Any:
            return probe.compare(result, original)

    ingest = evolve(services.spike.images.uploads.ingest, probe=Nosy())
    uploads = evolve(services.spike.images.uploads, ingest=ingest)
    caller = Caller(testing.TestClient(create_app(with_uploads(services.spike, uploads))), ada.registered)
    assert keyed(caller, "/api/images/upload", an_upload(PICTURE)).status_code == 200
    [second] = nested
    assert (second.status_code, second.json["error"]) == (
        409,
        "A request with this Idempotency-Key is still being processed",
    )


def test_who_was_overtaken_by_the_same_request_hears_what_it_was_answered(poor: Caller, services: MemorySpike) -> None:
    """Not that its tokens are missing, since the first request spent them (I10)."""
    transactions = FaultyTransactions(services.spike.database.transactions)
    creations = evolve(services.spike.jobs.generations, transactions=transactions)
    late = Caller(
        testing.TestClient(create_app(evolve(services.spike, jobs=evolve(services.spike.jobs, generations=creations)))),
        poor.registered,
    )
    body = {"prompt": "a mountain", "tier": "TIER_1K"}
    answers: list[testing.Result] = []
    transactions.before_begin.append(lambda: answers.append(keyed(poor, "/api/mcp/generate", body)))
    answers.append(keyed(late, "/api/mcp/generate", body))
    first, second = answers
    assert services.spike.wallets.account(poor.registered.user.id).wallet.balance.amount == 1
    assert (second.status_code, second.content) == (200, first.content)
    assert second.headers["Idempotency-Replayed"] == "true"
    transactions.before_begin.append(lambda: answers.append(keyed(poor, "/api/mcp/generate", body, key="key-2")))
    assert keyed(late, "/api/mcp/generate", body, key="key-3").status_code == 402


def test_an_api_key_is_never_kept_in_a_record(ada: Caller, services: MemorySpike) -> None:
    first, second = (keyed(ada, "/api/settings/api-keys", {"name": "a"}) for _ in range(2))
    assert first.json["apiKey"]["id"] != second.json["apiKey"]["id"]
    services.clock.advance(timedelta(hours=25))
    assert services.spike.idempotency.purge() == 0
