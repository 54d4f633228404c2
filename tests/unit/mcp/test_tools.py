"""Tools, tasks and results over `/mcp`, by raw requests."""

import base64
import io
import re
from typing import Any, Final

from attrs import evolve, frozen
from falcon import testing

from caller import PICTURE, Caller
from mcp_messages import RawClient
from memory_spike import MemorySpike, with_limits
from spike_contracts.builders import an_image_id
from spike_core.domain.api_keys import Scope
from spike_core.domain.identifiers import ImageId, JobId, OwnerId
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.orders import Order
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.domain.tokens import Tokens
from spike_http import create_app
from spike_http.scopes import SCOPES
from spike_mcp.api import PICTURE_BYTES_MAX
from spike_mcp.tools import tools
from spike_runtime import Settings

INLINE: Final[dict[str, Any]] = {"image": base64.b64encode(PICTURE).decode(), "mimeType": "image/jpeg"}
NO_TASKS: Final[dict[str, Any]] = {}


@frozen
class Dearer:
    """Everything costs one token more."""

    def price(self, order: Order, *, owner_id: OwnerId) -> Tokens:
        return order.offer.price + Tokens(1)


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


def test_tools_say_what_they_take_what_they_cost_and_what_they_do(services: MemorySpike, raw: RawClient) -> None:
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
    for tool in tools(document, services.spike.pricing).values():
        route = re.sub(r"([a-z])Id}", r"\1_id}", tool.path)
        assert SCOPES[f"{tool.method} {route}"] == Scope(tool.scope)


def test_prices_in_descriptions_are_those_of_the_installation() -> None:
    """An app with a price list of its own charges each user what that says: the descriptions send them to `quote`."""
    services = MemorySpike.build(Settings(tiers={"TIER_1K": {"price": 3}, "TIER_2K": {"offered": False}}))
    key = services.register().api_key.text
    pricing = evolve(services.spike.pricing, price_list=Dearer())
    said = {}
    for name, spike in (("catalog", services.spike), ("app", evolve(services.spike, pricing=pricing))):
        listed = RawClient(testing.TestClient(create_app(spike)), key).request("tools/list").json["result"]["tools"]
        [tool] = [tool for tool in listed if tool["name"] == "enhance_image"]
        assert tool["inputSchema"]["properties"]["tier"]["enum"] == ["FREE", "TIER_1K", "TIER_4K"]
        said[name] = tool["description"].partition("Price by tier: ")[2] or tool["description"].partition("List ")[2]
    prices = "FREE 0 tokens (1024 px), TIER_1K 3 tokens (1024 px), TIER_4K 10 tokens (4096 px)."
    assert said == {
        "catalog": prices,
        "app": f"price by tier: {prices} quote returns the price for this user.",
    }


def test_a_poll_that_is_limited_is_no_task_that_is_gone() -> None:
    """And whatever a message asks for counts, what breaks the protocol too."""
    services = MemorySpike.build(with_limits({RateLimitGroup.GENERAL: 3, RateLimitGroup.UPLOAD: 1}))
    client = testing.TestClient(create_app(services.spike))
    raw = RawClient(client, services.register().api_key.text)
    task = {"taskId": raw.call("generate_image", prompt="sea", tier="TIER_1K")["taskId"]}  # which is read once
    assert raw.request("tasks/get", task).json["result"]["status"] == "working"
    assert raw.request("tools/call", {"name": "nothing"}).status_code == 400
    limited = raw.request("tasks/get", task)
    assert (limited.status_code, limited.json["error"]["code"], limited.headers["retry-after"]) == (429, -32603, "900")
    assert limited.json["error"]["data"]["code"] == "RATE_LIMIT"
    assert raw.request("tools/call", {"name": "nothing"}).status_code == 429
    services.pages["https://example.org/cat.jpg"] = PICTURE
    raw.call("upload_image", **INLINE)
    params = {"name": "upload_image", "arguments": {"imageUrl": "https://example.org/cat.jpg"}}
    upload = raw.request("tools/call", params, id_=2)
    assert (upload.json["result"]["structuredContent"]["retryAfter"], upload.headers["retry-after"]) == (900, "900")
