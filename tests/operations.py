"""Schemathesis on every operation of the document, signed in and not: what the tests of the operations ask.

It takes a second to import, so the tests import it when they run: each pytest worker collects them.
"""

import itertools
from collections.abc import Callable, Mapping
from typing import Any, Final

import schemathesis
from falcon import testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.pytest.lazy import get_all_tests
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from caller import PICTURE, Caller
from effort import IS_FULL
from memory_spike import MemorySpike, with_limits
from multipart import CONTENT_TYPE, an_upload
from spike_core.domain.accounts import Email
from spike_core.domain.rate_limits import RateLimitGroup
from spike_http import create_app

Request = Case[Any]
UNLIMITED: Final = with_limits(dict.fromkeys(RateLimitGroup, 0))
HOUSE: Final = MemorySpike.build(UNLIMITED)
APP: Final = create_app(HOUSE.spike)
NUMBERS: Final = itertools.count()
ADA: Final = Caller(testing.TestClient(APP), HOUSE.register(tokens=1_000_000))
SCHEMA: Final = schemathesis.openapi.from_wsgi("/openapi.json", APP)
SCHEMA.config.phases.coverage.enabled = IS_FULL  # each kind of wrong value of each field: most of the time
OPERATIONS: Final[Mapping[str, APIOperation[Any, Any, Any, Any]]] = {
    found.ok().label: found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)
}
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
AS_IT_IS: Final = {"Accept-Encoding": "identity"}  # Schemathesis asks for gzip, but doesn't decode it here
TIMES: Final = settings(max_examples=20 if IS_FULL else 4, deadline=None, suppress_health_check=list(HealthCheck))
TIMES_ASKED: Final = settings(TIMES, max_examples=20 if IS_FULL else 2)  # each twice

schemathesis.openapi.format("binary", st.just(PICTURE) | st.binary())


def ask_as_strangers_and_users(label: str) -> None:
    """Ask an operation anything, signed in and not, and check the responses."""
    [made] = get_all_tests(
        schema=SCHEMA.include(name=label), test_func=ask_twice, settings=TIMES_ASKED, given_kwargs={}
    )
    assert isinstance(made, Ok)
    _, ask = made.ok()
    ask()


def ask_twice(case: Request) -> None:
    case.call_and_validate(headers=AS_IT_IS, checks=CHECKS)
    case.call_and_validate(headers={**AS_IT_IS, **headers_for(case)}, checks=CHECKS)


def headers_for(case: Request) -> dict[str, str]:
    """Return ADA's credentials, or those of a new user for a request that may end all sessions."""
    if case.method != "DELETE" or case.path != "/api/session":
        return ADA.headers
    others = HOUSE.spike.accounts.registration.register(Email(f"{next(NUMBERS)}@example.org"))
    return {"Authorization": f"Bearer {others.session_token.text}"}


def an_image_id() -> str:
    uploaded = ADA.upload()
    assert uploaded.status_code == 200, uploaded.text
    return str(uploaded.json["image"]["id"])


def an_anonymous_image_id() -> str:
    form = {"Content-Type": CONTENT_TYPE}
    sent = ADA.client.simulate_post("/api/images/anonymous-upload", headers=form, body=an_upload(PICTURE))
    return str(sent.json["image"]["id"])


def a_job_id() -> str:
    return str(ADA.upload().json["enhancement"]["jobId"])


def a_creation_id() -> str:
    return str(ADA.post("/api/mcp/generate", {"prompt": "sea", "tier": "TIER_1K"}).json["jobId"])


def a_batch_id() -> str:
    return str(ADA.post("/api/images/batch-enhance", {"imageIds": [an_image_id()], "tier": "FREE"}).json["batchId"])


def an_album_id() -> str:
    return str(ADA.post("/api/albums", {"name": "Summer"}).json["album"]["id"])


def revoke_all_keys() -> None:
    """Make room for new keys, of which there may be ten."""
    for key in ADA.get("/api/settings/api-keys").json["apiKeys"]:
        ADA.delete(f"/api/settings/api-keys/{key['id']}")


def a_key_id() -> str:
    revoke_all_keys()
    return str(ADA.post("/api/settings/api-keys", {"name": "laptop"}).json["apiKey"]["id"])


def delete_all_webhooks() -> None:
    """Make room for new webhooks, of which there may be five."""
    for webhook in ADA.get("/api/settings/webhooks").json["webhooks"]:
        ADA.delete(f"/api/settings/webhooks/{webhook['id']}")


def a_webhook_id() -> str:
    """Return the id of the one webhook that there is."""
    if there := ADA.get("/api/settings/webhooks").json["webhooks"]:
        return str(there[0]["id"])
    body = {"url": "https://app.example.org/", "events": ["job.completed"]}
    return str(ADA.post("/api/settings/webhooks", body).json["webhook"]["id"])


def a_delivery_id() -> str:
    return str(ADA.post(f"/api/settings/webhooks/{a_webhook_id()}/test").json["delivery"]["id"])


FRESH: Final[Mapping[str, Callable[[], str]]] = {
    "imageId": an_image_id,
    "jobId": a_job_id,
    "batchId": a_batch_id,
    "albumId": an_album_id,
    "keyId": a_key_id,
    "targetAlbumId": an_album_id,
    "webhookId": a_webhook_id,
    "deliveryId": a_delivery_id,
}


def what_there_is(path: str) -> Mapping[str, Callable[[], str]]:
    """Return how to create the resources that a request to a path may name."""
    fresh = dict(FRESH)
    if "anonymous" in path:
        fresh["imageId"] = an_anonymous_image_id
    if "mcp" in path:
        fresh["jobId"] = a_creation_id
    return fresh


def with_what_there_is(case: Request) -> Request:
    """Let a request name existing resources, since a schema can only generate random ids."""
    fresh = what_there_is(case.path)
    if case.path.endswith("api-keys"):
        revoke_all_keys()
    if case.path.endswith("/webhooks"):
        delete_all_webhooks()
    parameters = {name: fresh[name]() for name in case.path_parameters or {} if name in fresh}
    if case.path.startswith("/files"):
        image_id = an_image_id()
        HOUSE.publish(image_id)
        parameters = {"folder": "images", "name": f"{image_id}.jpg"}
    case.path_parameters = parameters
    case.query = {name: value for name, value in (case.query or {}).items() if name == "limit"}
    case.headers.pop("Idempotency-Key", None)
    if isinstance(case.body, dict):
        named: Mapping[str, Callable[[], Any]] = {
            **fresh,
            "imageIds": lambda: [an_image_id()],
            "imageOrder": list,
            "coverImageId": lambda: None,
            "removeFromSourceAlbum": lambda: None,
            "isPublic": lambda: False,
            "url": lambda: "https://app.example.org/",
            "enabled": lambda: True,
            "blendSource": lambda: {"imageId": fresh["imageId"]()},
        }
        case.body = {name: named[name]() if name in named else value for name, value in case.body.items()}
        if case.path.endswith("modify"):
            HOUSE.pages["https://example.org/a.jpg"] = PICTURE
            case.body |= {"imageUrl": "https://example.org/a.jpg", "image": None, "mimeType": None}
        if case.path.endswith("quotes"):  # whose schema allows the fields of any operation
            order = {"operation": "generateImage", "prompt": "sea", "tier": "TIER_1K", "strength": None, "mode": None}
            case.body |= {**order, "format": None, "quality": None, "aspectRatio": None, "negativePrompt": None}
    return case


def ask_until_it_succeeds(label: str) -> None:
    """Ask an operation about what there is, check the responses, and that one of them is a success."""
    operation, statuses = OPERATIONS[label], set[int]()

    @given(operation.as_strategy())
    @settings(TIMES)
    def ask(case: Request) -> None:
        answer = with_what_there_is(case).call(headers={**AS_IT_IS, **ADA.headers})
        case.validate_response(answer, checks=CHECKS, headers=ADA.headers)
        statuses.add(answer.status_code)

    ask()
    successes = {int(status) for status in operation.responses.status_codes if status.startswith("2")}
    assert successes & statuses  # a file has two: 206 needs the header Range, see test_files
