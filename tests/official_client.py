"""The official client of MCP over HTTP, against an application in this process; it is slow to import."""

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
