"""The protocol over HTTP: every row of the error table, both eras, and requests that are broken in any way."""

import itertools
import json
from collections.abc import Mapping
from typing import Any, Final

import pytest
from falcon import testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from effort import examples
from mcp_messages import CAPABILITIES, TASKS, VERSION, RawClient
from memory_spike import MemorySpike
from spike_http import create_app

META: Final = {VERSION: "2026-07-28", CAPABILITIES: TASKS}
LIST: Final[Mapping[str, Any]] = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": META}}
HEADERS: Final = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/list"}
NAMED: Final = {**HEADERS, "Mcp-Method": "tools/call", "Mcp-Name": "get_balance"}
FUTURE: Final = {VERSION: "2027-01-01", CAPABILITIES: {}}


def call(name: str, **params: Any) -> Mapping[str, Any]:
    return {**LIST, "method": "tools/call", "params": {"_meta": META, "name": name, **params}}


ROWS: Final[Mapping[str, tuple[Any, Mapping[str, str], int, int]]] = {
    "a batch": ([LIST], HEADERS, 400, -32600),
    "no object": ("tools/list", HEADERS, 400, -32600),
    "another JSON-RPC": ({**LIST, "jsonrpc": "1.0"}, HEADERS, 400, -32600),
    "no method": ({"jsonrpc": "2.0", "id": 1}, HEADERS, 400, -32600),
    "null as the id": ({**LIST, "id": None}, HEADERS, 400, -32600),
    "a response": ({"jsonrpc": "2.0", "id": 1, "result": {}}, HEADERS, 400, -32600),
    "params that are a list": ({**LIST, "params": []}, HEADERS, 400, -32602),
    "no _meta": ({**LIST, "params": {}}, HEADERS, 400, -32602),
    "no capabilities": ({**LIST, "params": {"_meta": {VERSION: "2026-07-28"}}}, HEADERS, 400, -32602),
    "a number as the version": ({**LIST, "params": {"_meta": {**META, VERSION: 1}}}, HEADERS, 400, -32602),
    "no version header": (LIST, {"Mcp-Method": "tools/list"}, 400, -32020),
    "another version header": (LIST, {**HEADERS, "MCP-Protocol-Version": "2025-11-25"}, 400, -32020),
    "no method header": (LIST, {"MCP-Protocol-Version": "2026-07-28"}, 400, -32020),
    "another method header": (LIST, {**HEADERS, "Mcp-Method": "tools/call"}, 400, -32020),
    "another name header": (call("get_job"), NAMED, 400, -32020),
    "a broken encoded name": (call("get_job"), {**NAMED, "Mcp-Name": "=?base64?%?="}, 400, -32020),
    "a version to come": (
        {**LIST, "params": {"_meta": FUTURE}},
        {**HEADERS, "MCP-Protocol-Version": "2027-01-01"},
        400,
        -32022,
    ),
    "an unknown method": ({**LIST, "method": "prompts/list"}, {**HEADERS, "Mcp-Method": "prompts/list"}, 404, -32601),
    "a method that is gone": ({**LIST, "method": "ping"}, {**HEADERS, "Mcp-Method": "ping"}, 404, -32601),
    "an unknown tool": (call("nothing"), {**NAMED, "Mcp-Name": "nothing"}, 400, -32602),
    "no tool": ({**LIST, "method": "tools/call"}, {**HEADERS, "Mcp-Method": "tools/call"}, 400, -32602),
    "arguments that are a list": (call("get_balance", arguments=[]), NAMED, 400, -32602),
    "a task without the capability": (
        {**LIST, "method": "tasks/get", "params": {"_meta": {**META, CAPABILITIES: {}}, "taskId": "x"}},
        {**HEADERS, "Mcp-Method": "tasks/get", "Mcp-Name": "x"},
        400,
        -32021,
    ),
    "an unknown task": (
        {**LIST, "method": "tasks/get", "params": {"_meta": META, "taskId": "x"}},
        {**HEADERS, "Mcp-Method": "tasks/get", "Mcp-Name": "x"},
        400,
        -32602,
    ),
    "no name header for a resource": (
        {**LIST, "method": "resources/read", "params": {"_meta": META, "uri": "spike://jobs/x"}},
        {**HEADERS, "Mcp-Method": "resources/read"},
        400,
        -32020,
    ),
    "an unknown resource": (
        {**LIST, "method": "resources/read", "params": {"_meta": META, "uri": "spike://jobs/x"}},
        {**HEADERS, "Mcp-Method": "resources/read", "Mcp-Name": "spike://jobs/x"},
        400,
        -32602,
    ),
    "an unknown version of 2024": ({**LIST, "params": {}}, {"MCP-Protocol-Version": "2024-11-05"}, 400, -32022),
}


@pytest.fixture(scope="module")
def everyone() -> RawClient:
    """One application for requests that change nothing."""
    services = MemorySpike.build()
    return RawClient(testing.TestClient(create_app(services.spike)), services.register().api_key.text)


@pytest.mark.parametrize("row", ROWS)
def test_each_violation_has_its_code_and_status(everyone: RawClient, row: str) -> None:
    message, headers, status, code = ROWS[row]
    answer = everyone.send(message, headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code), answer.text
    has_id = isinstance(message, dict) and message.get("id") == 1
    assert answer.json["id"] == (1 if has_id else None)


def test_an_unsupported_version_is_told_those_that_are(everyone: RawClient) -> None:
    message, headers, _, _ = ROWS["a version to come"]
    data = everyone.send(message, headers).json["error"]["data"]
    assert data == {"supported": ["2026-07-28", "2025-11-25", "2025-06-18"], "requested": "2027-01-01"}


def test_a_body_that_is_no_json_is_a_parse_error(everyone: RawClient) -> None:
    headers = {"Authorization": f"Bearer {everyone.token}", "Content-Type": "application/json"}
    for body in (b"{", b"", b"\xff", b"[" * 100_000, b'{"id": NaN}'):
        answer = everyone.client.simulate_post("/mcp", headers=headers, body=body)
        assert (answer.status_code, answer.json["error"]["code"]) == (400, -32700), body[:20]
    text = everyone.client.simulate_post("/mcp", headers={**headers, "Content-Type": "text/plain"}, body=b"{}")
    assert text.status_code == 415


def test_a_request_that_is_nested_deeply_is_no_error_of_the_server(everyone: RawClient) -> None:
    """A large one is parsed where there is room, and may then be too deep for what is done with it."""
    for name, depth, large in itertools.product(
        ("generate_image", "upload_image", "get_job"), (500, 900, 975), ("", "a" * 200_000)
    ):
        arguments = {"prompt": "NESTED", "jobId": "NESTED", "mimeType": "NESTED", "image": large}
        body = json.dumps(call(name, arguments=arguments)).replace('"NESTED"', "[" * depth + "]" * depth)
        headers = {**NAMED, "Mcp-Name": name, "Authorization": f"Bearer {everyone.token}"}
        answer = everyone.client.simulate_post(
            "/mcp", headers={**headers, "Content-Type": "application/json"}, body=body
        )
        assert answer.status_code in {200, 400}, (name, depth, answer.text)
        assert answer.json.get("result", {"isError": True})["isError"]


def test_a_body_that_is_too_large_is_refused_in_the_protocols_form(everyone: RawClient) -> None:
    """Any other 400 tells a client that the server is of another era."""
    answer = everyone.send({**LIST, "more": "!" * 2_000_000}, HEADERS)
    assert (answer.status_code, answer.json["error"]["code"]) == (413, -32600)


def test_names_may_be_encoded(everyone: RawClient) -> None:
    encoded = everyone.send(call("get_balance"), {**NAMED, "Mcp-Name": "=?base64?Z2V0X2JhbGFuY2U=?="})
    assert encoded.json["result"]["structuredContent"]["balance"] == 100


def test_discovery_says_what_there_is(everyone: RawClient) -> None:
    found = everyone.request("server/discover").json["result"]
    assert found["supportedVersions"][0] == "2026-07-28"
    assert found["capabilities"] == {"tools": {}, "resources": {}, **TASKS}
    listed = everyone.request("tools/list").json["result"]
    assert all({"resultType", "ttlMs", "cacheScope"} <= result.keys() for result in (found, listed))


@pytest.mark.parametrize(("asked", "agreed"), [("2025-06-18", "2025-06-18"), ("2024-11-05", "2025-11-25")])
def test_clients_of_2025_shake_hands_without_a_session(everyone: RawClient, asked: str, agreed: str) -> None:
    answer = everyone.legacy("initialize", {"protocolVersion": asked, "capabilities": {}, "clientInfo": {}})
    assert answer.json["result"]["protocolVersion"] == agreed
    assert "mcp-session-id" not in answer.headers
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    accepted = everyone.send(ready, {"MCP-Protocol-Version": agreed})
    assert (accepted.status_code, accepted.text) == (202, "")
    assert everyone.legacy("ping", MCP_Protocol_Version=agreed).json["result"] == {}
    tools = everyone.legacy("tools/list", {}, MCP_Protocol_Version=agreed).json["result"]
    assert tools.keys() == {"tools"}
    shown = everyone.legacy("tools/call", {"name": "get_balance"}).json["result"]
    assert shown.keys() == {"content", "structuredContent", "isError"}
    unknown = everyone.legacy("tasks/get", {"taskId": "x"})
    assert (unknown.status_code, unknown.json["error"]["code"]) == (200, -32601)


def test_there_are_no_streams_and_no_sessions(everyone: RawClient) -> None:
    for method in ("GET", "DELETE"):
        answer = everyone.client.simulate_request(method, "/mcp")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")


def test_strangers_are_told_where_to_read_about_credentials(everyone: RawClient) -> None:
    client = everyone.client
    for headers, said in (({}, ""), ({"Authorization": "Bearer sk_live_wrong"}, 'error="invalid_token", ')):
        refused = client.simulate_post("/mcp", headers=headers, json=LIST)
        assert refused.status_code == 401
        challenge = refused.headers["www-authenticate"]
        url = challenge.removeprefix(f'Bearer {said}resource_metadata="').removesuffix('"')
        metadata = client.simulate_get(url.removeprefix("http://falconframework.org"))
        assert metadata.json["resource"] == "http://falconframework.org/mcp"
        assert metadata.json["scopes_supported"] == ["read", "spend", "manage"]
    assert client.simulate_get("/.well-known/oauth-protected-resource/mcp").json == metadata.json


def test_a_page_of_another_origin_is_refused(everyone: RawClient) -> None:
    assert everyone.send(LIST, {**HEADERS, "Origin": "https://evil.example.org"}).status_code == 403
    assert everyone.send(LIST, {**HEADERS, "Origin": "http://falconframework.org"}).status_code == 200


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
SEEDS: Final = [
    LIST,
    call("get_job", arguments={"jobId": "job_" + "a" * 24, "wait": 0}),
    call("list_images", arguments={"limit": 1, "cursor": "x", "order": "name", "search": "cat"}),
    call("get_image", arguments={"imageId": "img_" + "a" * 24}),
    call("enhance_image", arguments={"imageId": "img_" + "a" * 24, "tier": "TIER_1K", "blendSource": {}}),
    call("generate_image", arguments={"prompt": "sea", "tier": "TIER_1K", "aspectRatio": "1:1", "quality": 3}),
    call("modify_image", arguments={"prompt": "sea", "tier": "TIER_1K", "imageUrl": "https://example.org"}),
    call("upload_image", arguments={"name": "a.jpg", "image": "aGk=", "mimeType": "image/jpeg", "albumId": "x"}),
    call("quote", arguments={"operation": "uploadImages", "files": [1, 2], "tier": "FREE"}),
    {**LIST, "method": "resources/read", "params": {"_meta": META, "uri": "spike://jobs/job_" + "a" * 24}},
    {**LIST, "method": "resources/list", "params": {"_meta": META, "cursor": "x"}},
    {**LIST, "method": "tasks/cancel", "params": {"_meta": META, "taskId": "job_" + "a" * 24}},
    {"jsonrpc": "2.0", "id": 2, "method": "initialize", "params": {"protocolVersion": "2025-06-18"}},
]


def mutated(data: st.DataObject, node: Any) -> Any:
    """Return the value with one of its parts replaced, removed or added."""
    if isinstance(node, dict) and node and data.draw(st.integers(0, 4)):
        name = data.draw(st.sampled_from(sorted(node)))
        if not data.draw(st.integers(0, 3)):
            return {key: value for key, value in node.items() if key != name} | {data.draw(st.text(max_size=5)): 1}
        return {**node, name: mutated(data, node[name])}
    return data.draw(JSON)


@settings(max_examples=examples(300), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_mutated_request_is_an_error_of_the_server(everyone: RawClient, data: st.DataObject) -> None:
    message = mutated(data, data.draw(st.sampled_from(SEEDS)))
    params = message.get("params") if isinstance(message, dict) else None
    params = params if isinstance(params, dict) else {}
    name = params.get("name", params.get("uri", params.get("taskId")))
    headers = {**HEADERS, "Authorization": f"Bearer {everyone.token}", "Content-Type": "application/json"}
    method = message.get("method") if isinstance(message, dict) else None
    if isinstance(method, str) and method.isascii() and method.isprintable():
        headers["Mcp-Method"] = method
    if isinstance(name, str) and name.isascii() and name.isprintable():
        headers["Mcp-Name"] = name
    answer = everyone.client.simulate_post("/mcp", headers=headers, body=json.dumps(message))
    assert answer.status_code < 500, answer.text
    if answer.status_code != 202:
        assert answer.json["jsonrpc"] == "2.0"
        assert "result" in answer.json or answer.json["error"]["code"] != -32603
        assert "INTERNAL_ERROR" not in answer.text, answer.text
