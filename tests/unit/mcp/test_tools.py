"""Tools, tasks and results over `/mcp`, by raw requests."""

import base64
import io
from typing import Any, Final

from falcon import testing

from caller import PICTURE, Caller
from mcp_messages import RawClient
from memory_spike import MemorySpike, with_limits
from spike_contracts.builders import an_image_id
from spike_core.domain.identifiers import ImageId, JobId
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.rate_limits import RateLimitGroup
from spike_http import create_app
from spike_mcp.api import PICTURE_BYTES_MAX

INLINE: Final[dict[str, Any]] = {"image": base64.b64encode(PICTURE).decode(), "mimeType": "image/jpeg"}
NO_TASKS: Final[dict[str, Any]] = {}


def test_a_job_is_a_task_from_the_order_to_its_picture(services: MemorySpike, raw: RawClient) -> None:
    created = raw.call("upload_image", name="cat.jpg", tier="TIER_2K", **INLINE)
    assert (created["resultType"], created["status"], created["ttlMs"]) == ("task", "working", None)
    task = {"taskId": created["taskId"]}
    waiting = raw.request("tasks/get", task).json["result"]
    assert (waiting["status"], waiting["statusMessage"]) == ("working", "Waiting, number 1 in the queue")
    assert "result" not in waiting
    services.work()
    done = raw.request("tasks/get", task).json["result"]
    assert (done["resultType"], done["status"], done["result"]["isError"]) == ("complete", "completed", False)
    text, picture, link = done["result"]["content"]
    assert text["text"] == f"Done: 2048 x 1152 pixels, jpeg. {link['uri']}"
    assert base64.b64decode(picture["data"]).startswith(b"picture JPEG 2048x1152")
    assert picture["mimeType"] == link["mimeType"] == "image/jpeg"
    assert created["taskId"] in link["uri"]
    assert raw.call("get_balance")["structuredContent"]["balance"] == 95
    assert raw.request("tasks/update", task).json["result"]["resultType"] == "complete"
    assert raw.request("tasks/cancel", task).json["result"]["resultType"] == "complete"
    assert raw.request("tasks/get", task).json["result"]["status"] == "completed"


def test_cancelling_a_task_refunds_its_job(raw: RawClient) -> None:
    task = {"taskId": raw.call("generate_image", prompt="sea", tier="TIER_4K")["taskId"]}
    assert raw.call("get_balance")["structuredContent"]["balance"] == 90
    raw.request("tasks/cancel", task)
    cancelled = raw.request("tasks/get", task).json["result"]
    assert cancelled["status"] == "cancelled"
    assert "result" not in cancelled
    assert raw.call("get_balance")["structuredContent"]["balance"] == 100


def test_a_client_without_tasks_follows_the_job_by_a_tool(services: MemorySpike, raw: RawClient) -> None:
    ordered = raw.call("generate_image", prompt="sea", tier="TIER_1K", capabilities=NO_TASKS)
    job_id = ordered["structuredContent"]["jobId"]
    assert ordered["structuredContent"]["tokensCost"] == 2
    assert "/api/" not in str(ordered)
    assert raw.call("get_job", jobId=job_id)["content"][0]["text"] == "Waiting, number 1 in the queue"
    services.work()
    shown = raw.call("get_job", jobId=job_id, wait=1)
    assert [content["type"] for content in shown["content"]] == ["text", "image", "resource_link"]
    assert shown["structuredContent"]["status"] == "COMPLETED"


def test_a_job_that_fails_is_a_completed_task_with_an_error(services: MemorySpike, raw: RawClient) -> None:
    """The protocol's `failed` is for errors of the protocol."""
    task = {"taskId": raw.call("generate_image", prompt="sea", tier="TIER_1K")["taskId"]}
    transitions = services.spike.jobs.transitions
    transitions.fail(transitions.claim(JobId(task["taskId"])), "the prompt was refused")
    result = raw.request("tasks/get", task).json["result"]
    assert (result["status"], result["result"]["isError"]) == ("completed", True)
    assert result["result"]["content"][0]["text"] == "the prompt was refused. Its tokens were refunded."


def test_a_refusal_has_the_texts_of_the_api(services: MemorySpike, client: testing.TestClient) -> None:
    poor = RawClient(client, services.register("poor@example.org", tokens=3).api_key.text)
    shown = poor.call("enhance_image", imageId=an_image_id().text, tier="TIER_4K")
    assert (shown["isError"], shown["structuredContent"]["code"]) == (True, "NOT_FOUND")
    shown = poor.call("generate_image", prompt="sea", tier="TIER_4K")
    assert shown["content"][0]["text"] == "Insufficient tokens. Please add more tokens to continue."
    assert (shown["structuredContent"]["required"], shown["structuredContent"]["balance"]) == (10, 3)
    quote = poor.call("quote", operation="generateImage", prompt="sea", tier="TIER_4K")["structuredContent"]
    assert (quote["tokens"], quote["sufficient"], quote["reasons"][0]["code"]) == (10, False, "INSUFFICIENT_TOKENS")
    assert poor.call("upload_image")["content"][0]["text"].endswith("Please provide either image or imageUrl")
    assert poor.call("upload_image", **{**INLINE, "name": 'a"\r\nb'})["isError"]
    assert poor.call("get_job", jobId="../../api/session")["isError"]
    assert poor.call("get_job")["isError"]


def test_scopes_and_rate_limits_are_those_of_the_api() -> None:
    services = MemorySpike.build(with_limits({RateLimitGroup.GENERATE: 1}))
    client = testing.TestClient(create_app(services.spike))
    ada = Caller(client, services.register())
    keys = {
        scope: RawClient(
            client, ada.post("/api/settings/api-keys", {"name": scope, "scopes": [scope]}).json["apiKey"]["key"]
        )
        for scope in ("read", "spend")
    }
    assert keys["read"].call("generate_image", prompt="sea", tier="TIER_1K")["structuredContent"]["code"] == (
        "INSUFFICIENT_SCOPE"
    )
    assert keys["spend"].call("get_balance")["isError"]
    message = {"name": "generate_image", "arguments": {"prompt": "sea", "tier": "TIER_1K"}}
    allowed, limited = (keys["spend"].request("tools/call", message, id_=number) for number in (1, 2))
    assert allowed.json["result"]["resultType"] == "complete"  # the key may not read the job
    assert limited.json["result"]["structuredContent"]["code"] == "RATE_LIMIT"
    assert (limited.headers["x-ratelimit-limit"], limited.headers["retry-after"]) == ("1", "900")


def test_an_image_is_shown_by_itself_or_by_its_preview(services: MemorySpike, raw: RawClient) -> None:
    services.pages["https://example.org/cat.jpg"] = PICTURE
    task = raw.call("upload_image", imageUrl="https://example.org/cat.jpg")
    [image] = raw.call("list_images", limit=5)["structuredContent"]["images"]
    assert raw.call("get_image", imageId=image["id"])["content"][1]["mimeType"] == "image/jpeg"
    key = ObjectKey.of_original(ImageId(image["id"]), PictureFormat.JPEG)
    services.blobs.put(key, io.BytesIO(bytes(PICTURE_BYTES_MAX + 1)))
    before = raw.call("get_image", imageId=image["id"])
    assert [content["type"] for content in before["content"]] == ["text", "resource_link"]
    services.blobs.put(key, io.BytesIO(PICTURE))
    services.background.run()
    services.blobs.put(key, io.BytesIO(bytes(PICTURE_BYTES_MAX + 1)))
    after = raw.call("get_image", imageId=image["id"])
    assert [content["type"] for content in after["content"]] == ["text", "image", "resource_link"]
    assert after["content"][1]["mimeType"] == "image/webp"
    assert after["structuredContent"]["image"]["jobs"][0]["id"] == task["taskId"]


def test_tools_say_what_they_take_what_they_cost_and_what_they_do(raw: RawClient) -> None:
    listed = {tool["name"]: tool for tool in raw.request("tools/list").json["result"]["tools"]}
    document = raw.client.simulate_get("/openapi.json").json
    spending = {name for name, tool in listed.items() if tool["_meta"]["spike/spendsTokens"]}
    assert spending == {"generate_image", "modify_image", "enhance_image", "upload_image"}
    assert {*listed} - spending == {"get_job", "list_images", "get_image", "get_balance", "quote"}
    body = document["paths"]["/api/mcp/generate"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    properties = dict(listed["generate_image"]["inputSchema"]["properties"])
    assert properties.pop("requestKey")
    assert properties == body["properties"]
    for name in spending:
        assert "TIER_4K 10 tokens (4096 px)" in listed[name]["description"]
        assert listed[name]["annotations"]["readOnlyHint"] is False
    assert "$ref" not in str(listed)
