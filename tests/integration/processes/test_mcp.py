"""`spike mcp` over stdio, with the official client in both eras, and its remote form."""

import asyncio
import io
import json
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters

from running import SPIKE, environment
from spike_mcp import forward


def test_programs_of_both_eras_speak_to_it(tmp_path: Path) -> None:
    """The second one finds what the first one ordered: the process ended in order when its input did."""
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
