"""The official client, in both eras, over HTTP against the application in this process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Literal

import anyio
import anyio.to_thread
import httpx2
from mcp import Client
from mcp.client.extension import ClaimContext, ClientExtension, ResultClaim
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, Result
from pydantic import Field

from mcp_messages import RawClient
from memory_spike import MemorySpike


class InProcess(httpx2.AsyncBaseTransport):
    """Sends requests to a WSGI application, in a thread."""

    def __init__(self, app: Any) -> None:
        self._transport = httpx2.WSGITransport(app=app)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request = httpx2.Request(request.method, request.url, headers=request.headers, content=await request.aread())
        response = await anyio.to_thread.run_sync(self._transport.handle_request, request)
        return httpx2.Response(response.status_code, headers=response.headers, content=response.read())


class CreatedTask(Result):
    """The result of a tool that started a task."""

    result_type: Literal["task"] = Field(alias="resultType")
    task_id: str = Field(alias="taskId")
    status: str


class Tasks(ClientExtension):
    """Follows tasks, as a client that declares the extension does: it works them off and asks again."""

    identifier = "io.modelcontextprotocol/tasks"

    def __init__(self, raw: RawClient, work: Callable[[], None]) -> None:
        self._raw, self._work = raw, work
        self.seen: list[str] = []

    def claims(self) -> list[ResultClaim[CreatedTask]]:
        return [ResultClaim(result_type="task", model=CreatedTask, resolve=self._resolve)]

    async def _resolve(self, task: CreatedTask, _context: ClaimContext) -> CallToolResult:
        while True:
            answer = await anyio.to_thread.run_sync(lambda: self._raw.request("tasks/get", {"taskId": task.task_id}))
            self.seen.append(answer.json["result"]["status"])
            if "result" in answer.json["result"]:
                return CallToolResult.model_validate(answer.json["result"]["result"])
            await anyio.to_thread.run_sync(self._work)


@asynccontextmanager
async def connected(raw: RawClient, **options: Any) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {raw.token}", "Accept-Encoding": "identity"}
    async with (
        httpx2.AsyncClient(transport=InProcess(raw.client.app), headers=headers) as http,
        Client(streamable_http_client("http://localhost/mcp", http_client=http), **options) as client,
    ):
        yield client


def test_a_client_of_2026_follows_a_task_to_its_picture(services: MemorySpike, raw: RawClient) -> None:
    tasks = Tasks(raw, services.work)

    async def talk() -> None:
        async with connected(raw, mode="auto", extensions=[tasks]) as client:
            listed = await client.list_tools()
            assert {"enhance_image", "quote"} <= {tool.name for tool in listed.tools}
            done = await client.call_tool("generate_image", {"prompt": "sea", "tier": "TIER_1K"})
            assert [content.type for content in done.content] == ["text", "image", "resource_link"]
            assert tasks.seen == ["working", "completed"]
            refused = await client.call_tool("generate_image", {"prompt": "sea", "tier": "TIER_9K"})
            assert refused.is_error
            templates = await client.list_resource_templates()
            assert len(templates.resource_templates) == 2
            listed_images = await client.list_resources()
            assert listed_images.resources == []  # the picture belongs to no image

    asyncio.run(talk())


def test_a_client_of_2025_asks_for_the_job(services: MemorySpike, raw: RawClient) -> None:
    async def talk() -> None:
        async with connected(raw, mode="legacy") as client:
            ordered = await client.call_tool("generate_image", {"prompt": "sea", "tier": "TIER_1K"})
            job_id = (ordered.structured_content or {})["jobId"]
            await anyio.to_thread.run_sync(services.work)
            done = await client.call_tool("get_job", {"jobId": job_id})
            assert [content.type for content in done.content] == ["text", "image", "resource_link"]
            shown: Any = done.content
            read: Any = await client.read_resource(shown[2].uri)
            assert read.contents[0].blob == shown[1].data

    asyncio.run(talk())
