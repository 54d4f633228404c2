"""`POST /api/quotes`: the price and the refusals of the request that would follow."""

import base64
from typing import Any

import pytest
from falcon import testing

from caller import PICTURE, Caller
from memory_spike import MemorySpike
from spike_contracts.builders import an_image_id


def quoted(caller: Caller, operation: str, **body: Any) -> Any:
    answer = caller.post("/api/quotes", {"operation": operation, **body})
    assert answer.status_code == 200, answer.text
    return answer.json


def test_each_operation_costs_what_its_quote_says(services: MemorySpike, ada: Caller) -> None:
    image_id, other_id = (ada.upload().json["image"]["id"] for _ in range(2))
    services.work()
    inline = {"base64": base64.b64encode(PICTURE).decode(), "mimeType": "image/jpeg"}
    picture = {"image": inline["base64"], "mimeType": inline["mimeType"]}
    requests: list[tuple[str, str, dict[str, Any], int]] = [
        ("enhanceImage", "/api/images/enhance", {"imageId": image_id, "tier": "TIER_2K"}, 5),
        (
            "enhanceImage",
            "/api/images/enhance",
            {"imageId": image_id, "tier": "TIER_1K", "blendSource": inline},
            2,
        ),
        (
            "enhanceImageAtTiers",
            "/api/images/parallel-enhance",
            {"imageId": image_id, "tiers": ["FREE", "TIER_4K"]},
            10,
        ),
        ("enhanceImages", "/api/images/batch-enhance", {"imageIds": [image_id, other_id], "tier": "TIER_1K"}, 4),
        ("generateImage", "/api/mcp/generate", {"prompt": "sea", "tier": "TIER_1K"}, 2),
        ("modifyImage", "/api/mcp/modify", {"prompt": "snow", "tier": "TIER_1K", **picture}, 2),
    ]
    for operation, path, body, price in requests:
        before = services.holdings
        quote = quoted(ada, operation, **body)
        assert services.holdings == before
        balance = ada.get("/api/tokens/balance").json["balance"]
        assert (quote["tokens"], quote["balance"], quote["sufficient"], quote["reasons"]) == (price, balance, True, [])
        answer = ada.post(path, body)
        assert answer.status_code == 200, answer.text
        assert ada.get("/api/tokens/balance").json["balance"] == balance - price
    sizes = {"files": [len(PICTURE), 5], "albumId": None}
    assert quoted(ada, "uploadImages", tier="TIER_2K", **sizes)["tokens"] == 10
    assert quoted(ada, "uploadImage", file=len(PICTURE))["tokens"] == 2


def test_a_reason_has_the_texts_of_the_refusal_itself(poor: Caller) -> None:
    body = {"imageId": an_image_id().text, "tier": "TIER_4K"}
    reasons = quoted(poor, "enhanceImage", **body)["reasons"]
    assert [(reason["status"], reason["code"]) for reason in reasons] == [
        (404, "NOT_FOUND"),
        (402, "INSUFFICIENT_TOKENS"),
    ]
    refused = poor.post("/api/images/enhance", body)
    assert {"status": refused.status_code, **refused.json} == {**reasons[0], "requestId": refused.json["requestId"]}
    owned = poor.upload().json["image"]["id"]
    [reason] = quoted(poor, "enhanceImage", imageId=owned, tier="TIER_4K")["reasons"]
    refused = poor.post("/api/images/enhance", {"imageId": owned, "tier": "TIER_4K"})
    assert (reason["error"], reason["suggestion"]) == (refused.json["error"], refused.json["suggestion"])


def test_an_api_key_learns_that_it_may_not_spend(client: testing.TestClient, ada: Caller) -> None:
    key = ada.post("/api/settings/api-keys", {"name": "reader", "scopes": ["read"]}).json["apiKey"]["key"]
    order = {"prompt": "sea", "tier": "TIER_1K"}
    headers = {"Authorization": f"Bearer {key}"}
    quote = client.simulate_post("/api/quotes", headers=headers, json={"operation": "generateImage", **order})
    refused = client.simulate_post("/api/mcp/generate", headers=headers, json=order)
    assert [reason["code"] for reason in quote.json["reasons"]] == [refused.json["code"]] == ["INSUFFICIENT_SCOPE"]


@pytest.mark.parametrize(
    "body",
    [
        {"operation": "enhanceImage"},
        {"operation": "generateImage", "prompt": "sea", "tier": "FREE"},
        {"operation": "uploadImage", "file": 0},
        {"operation": "uploadImage", "file": 11 * 1024 * 1024},
        {"operation": "uploadImages", "files": [1] * 21},
        {"operation": "uploadImages", "files": [9_000_000] * 6},
        {"operation": "uploadImages", "files": [True]},
        {"operation": "uploadImage", "file": 5, "tier": "TIER_9K"},
        {"operation": "deleteImage"},
        {},
    ],
)
def test_an_invalid_request_has_no_quote(ada: Caller, body: dict[str, Any]) -> None:
    assert ada.post("/api/quotes", body).status_code == 400
