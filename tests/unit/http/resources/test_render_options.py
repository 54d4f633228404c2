"""`format`, `quality`, `strength` and `mode` of an order, wherever a tier is given; and the analysis of an image."""

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from falcon import testing

from caller import PICTURE, Caller
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, a_form, a_part

ORDER: Final = {"format": "webp", "quality": 100, "strength": 30, "mode": "faithful"}
PROMPT: Final = {"prompt": "A lake", "tier": "TIER_1K"}
INLINE: Final = {"image": base64.b64encode(PICTURE).decode(), "mimeType": "image/jpeg"}

Order = Callable[[Caller, str, Mapping[str, Any]], testing.Result]


def _form(caller: Caller, path: str, field: str, options: Mapping[str, Any]) -> testing.Result:
    parts = [a_part(name, str(value).encode()) for name, value in options.items()]
    body = a_form(a_part(field, PICTURE, filename="a.jpg"), *parts)
    headers = {**caller.headers, "Content-Type": CONTENT_TYPE}
    return caller.client.simulate_post(path, headers=headers, body=body)


ORDERS: Final[dict[str, Order]] = {
    "upload": lambda caller, _, options: _form(caller, "/api/images/upload", "file", options),
    "batch upload": lambda caller, _, options: _form(caller, "/api/images/batch-upload", "files", options),
    "enhance": lambda caller, image_id, options: caller.post(
        "/api/images/enhance", {"imageId": image_id, "tier": "TIER_1K", **options}
    ),
    "parallel": lambda caller, image_id, options: caller.post(
        "/api/images/parallel-enhance", {"imageId": image_id, "tiers": ["TIER_1K"], **options}
    ),
    "batch": lambda caller, image_id, options: caller.post(
        "/api/images/batch-enhance", {"imageIds": [image_id], "tier": "TIER_1K", **options}
    ),
}
CREATIONS: Final[dict[str, Order]] = {
    "generate": lambda caller, _, options: caller.post("/api/mcp/generate", {**PROMPT, **options}),
    "modify": lambda caller, _, options: caller.post("/api/mcp/modify", {**PROMPT, **INLINE, **options}),
}


def _newest_job(caller: Caller) -> Any:
    images = caller.get("/api/images").json["images"]
    jobs = [job for image in images for job in caller.get(f"/api/images/{image['id']}").json["image"]["jobs"]]
    return max(jobs, key=lambda job: job["id"])


@pytest.mark.parametrize("where", ORDERS)
def test_an_order_has_its_options_and_its_result_the_format(ada: Caller, services: MemorySpike, where: str) -> None:
    image_id = ada.upload().json["image"]["id"]
    assert ORDERS[where](ada, image_id, ORDER).status_code in {200, 201, 202}
    waiting = _newest_job(ada)
    assert {name: waiting[name] for name in ORDER} == ORDER
    services.work()
    job = _newest_job(ada)
    assert ({name: job[name] for name in ORDER}, job["enhancedUrl"].partition("?")[0][-5:]) == (ORDER, ".webp")
    answer = ada.client.simulate_get(job["enhancedUrl"].removeprefix("http://falconframework.org"))
    assert (answer.headers["content-type"], answer.content) == ("image/webp", b"picture WEBP 1024x576")


@pytest.mark.parametrize("where", CREATIONS)
def test_pictures_made_by_a_prompt_have_a_format_and_no_strength(
    ada: Caller, services: MemorySpike, where: str
) -> None:
    job_id = CREATIONS[where](ada, "", {"format": "avif", "quality": 40}).json["jobId"]
    services.work()
    job = ada.get(f"/api/mcp/jobs/{job_id}").json
    assert (job["format"], job["quality"], job["status"]) == ("avif", 40, "COMPLETED")
    refused = CREATIONS[where](ada, "", {"strength": 10})
    assert (refused.status_code, "strength" in refused.text) == (400, True)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"format": "gif"}, "format"),
        ({"format": 7}, "format"),
        ({"quality": 0}, "quality"),
        ({"quality": 99.5}, "quality"),
        ({"quality": True}, "quality"),
        ({"quality": 10**400}, "quality"),
        ({"format": "png", "quality": 90}, "quality"),
        ({"strength": "high"}, "strength"),
        ({"mode": "lively"}, "mode"),
        ({"mode": "vivid"}, "vivid isn't installed"),
    ],
)
@pytest.mark.parametrize("where", ["enhance", "upload"])
def test_what_cannot_be_had_is_refused_before_anything_is_charged(
    ada: Caller, where: str, options: dict[str, Any], named: str
) -> None:
    image_id = ada.upload().json["image"]["id"]
    balance = ada.get("/api/tokens/balance").json["balance"]
    refused = ORDERS[where](ada, image_id, options)
    assert (refused.status_code, named in refused.text) == (400, True), refused.text
    assert ada.get("/api/tokens/balance").json["balance"] == balance
    assert len(ada.get("/api/images").json["images"]) == 1


def test_a_repeated_field_of_a_form_is_refused(ada: Caller) -> None:
    body = a_form(a_part("file", PICTURE, filename="a.jpg"), a_part("format", b"png"), a_part("format", b"webp"))
    assert ada.upload_form(body).status_code == 400


def test_another_format_under_the_same_key_is_another_request(ada: Caller) -> None:
    def upload(format_: str) -> int:
        body = a_form(a_part("file", PICTURE, filename="a.jpg"), a_part("format", format_.encode()))
        headers = {**ada.headers, "Content-Type": CONTENT_TYPE, "Idempotency-Key": "one"}
        return int(ada.client.simulate_post("/api/images/upload", headers=headers, body=body).status_code)

    assert upload("png") == upload("png")
    assert upload("webp") == 422


def test_an_analysis_says_what_the_engine_would_do_and_costs_nothing(ada: Caller, bob: Caller) -> None:
    image_id = ada.upload().json["image"]["id"]
    balance = ada.get("/api/tokens/balance").json["balance"]
    found = ada.post(f"/api/images/{image_id}/analysis", {"tier": "TIER_4K", "strength": 20}).json
    assert (found["tier"], found["width"], found["height"]) == ("TIER_4K", 4096, 2304)
    assert found["summary"] == "A made-up picture of 1920x1080, for 4096x2304, strength 20, faithful"
    assert (found["method"], found["cleanliness"], found["kind"], found["models"]) == ("made up", 1.0, None, [])
    assert ada.post(f"/api/images/{image_id}/analysis", {}).json["tier"] == "TIER_1K"
    assert ada.get("/api/tokens/balance").json["balance"] == balance
    assert ada.post(f"/api/images/{image_id}/analysis", {"mode": "vivid"}).status_code == 400
    assert ada.post(f"/api/images/{image_id}/analysis", {"tier": "TIER_9K"}).status_code == 400
    assert bob.post(f"/api/images/{image_id}/analysis", {}).status_code == 403
