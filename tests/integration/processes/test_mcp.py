"""`spike mcp` over stdio, with the official client in both eras, and its remote form."""

import asyncio
import io
import json
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from running import SPIKE, environment
from spike_mcp import forward


def test_programs_of_both_eras_speak_to_it(tmp_path: Path) -> None:
    """The second one finds what the first one ordered: the process ended in order when its input did."""
    from mcp import Client, StdioServerParameters  # noqa: PLC0415  # slow to import, and each worker collects

    parameters = StdioServerParameters(command=SPIKE, args=["mcp"], env=environment(tmp_path / "data", {}))

    async def order() -> str:
        async with Client(parameters, mode="auto") as client:
            assert client.session.discover_result is not None
            ordered = await client.call_tool("generate_image", {"prompt": "a lake", "tier": "TIER_1K"})
            job_id: str = (ordered.structured_content or {})["jobId"]
            done = await client.call_tool("get_job", {"jobId": job_id, "wait": 30})
            assert [content.type for content in done.content] == ["text", "image", "resource_link"]
            return job_id

    async def look(job_id: str) -> None:
        async with Client(parameters, mode="legacy") as client:
            done = await client.call_tool("get_job", {"jobId": job_id})
            assert (done.structured_content or {})["status"] == "COMPLETED"
            balance = await client.call_tool("get_balance", {})
            assert (balance.structured_content or {})["balance"] == 98

    asyncio.run(look(asyncio.run(order())))


def test_each_line_is_a_request_and_each_reply_a_line() -> None:
    sent: list[Mapping[str, str]] = []
    replies = iter(
        [
            (HTTPStatus.OK, b'{"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": "2025-06-18"}}'),
            (HTTPStatus.ACCEPTED, b""),
            (HTTPStatus.BAD_GATEWAY, b'{"error": "the server can\'t be reached"}'),
            (HTTPStatus.UNAUTHORIZED, b"<html>"),
        ]
    )

    def post(_line: bytes, headers: Mapping[str, str]) -> tuple[HTTPStatus, bytes]:
        sent.append(headers)
        return next(replies)

    messages: list[Any] = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "ping"},
        {"jsonrpc": "2.0", "method": "notifications/cancelled"},
    ]
    output = io.BytesIO()
    lines = b"\n".join([*(json.dumps(message).encode() for message in messages), b"no JSON", b""])
    forward(io.BytesIO(lines), output, post, key="a")
    answers = [json.loads(line) for line in output.getvalue().splitlines()]
    assert [answer.get("error", {}).get("code") for answer in answers] == [None, -32603, -32700]
    assert [answer["id"] for answer in answers] == [1, 2, None]
    assert [headers.get("mcp-protocol-version") for headers in sent] == [None, *["2025-06-18"] * 3]
    assert {headers["idempotency-key"] for headers in sent} == {"a"}
