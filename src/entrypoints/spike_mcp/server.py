"""The MCP server: one message in, one reply out. It has no state: all that a request needs is in it."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from attrs import Factory, field, frozen

from spike_core.services.pricing import Pricing
from spike_mcp import resources, tasks
from spike_mcp.api import Api, ApiResponse, segment
from spike_mcp.orders import place_order
from spike_mcp.protocol import (
    HANDSHAKE,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MISSING_CAPABILITY,
    SERVER_INFO,
    TASKS,
    VERSIONS,
    ProtocolError,
    Reply,
    RpcRequest,
    failure,
    identifier,
    parsed,
    success,
)
from spike_mcp.refusals import api_refusal
from spike_mcp.results import REPLAYED, data_result, image_result, job_result, ordered, refused
from spike_mcp.schemas import Schema
from spike_mcp.tools import Tool, tools

CACHED_MS: Final = 5 * 60 * 1000
INSTRUCTIONS: Final = (
    "Spike generates, modifies and enhances images in exchange for tokens. Ask quote or get_balance before you spend. "
    "An order returns a job; get_job with wait returns its result. A job that fails or is cancelled is refunded."
)
Result = Mapping[str, Any]
_CALLING: Final = frozenset(
    {"tools/call", "resources/list", "resources/read", "tasks/get", "tasks/update", "tasks/cancel"}
)
_CAPABILITIES: Final[Result] = {"tools": {}, "resources": {}}


@frozen(kw_only=True)
class McpServer:
    """Answers messages of all revisions. Tools are operations of the REST API, with its limits and errors."""

    document: Schema = field(repr=False)  # OpenAPI's
    pricing: Pricing
    version: str
    _tools: Mapping[str, Tool] = field(
        init=False, repr=False, default=Factory(lambda self: tools(self.document, self.pricing), takes_self=True)
    )

    def handle(self, message: object, headers: Mapping[str, str], api: Api) -> Reply:
        """Return the reply to a parsed message; `headers` have names in lower case."""
        is_stateless = True
        try:
            request = parsed(message, headers)
            if request is None:
                return Reply(status=HTTPStatus.ACCEPTED)
            is_stateless = request.is_stateless
            result = self._methods(request)(request, api)
        except ProtocolError as error:
            return failure(identifier(message), error, is_stateless=is_stateless)
        except RecursionError:
            too_deep = ProtocolError(INVALID_PARAMS, "The request is nested too deeply")
            return failure(identifier(message), too_deep, is_stateless=is_stateless)
        return success(request.id, {**result, "_meta": {SERVER_INFO: self._info}} if is_stateless else result)

    def calls_api(self, message: object) -> bool:
        """Return whether a message leads to a request of the API, which counts by itself."""
        method = message.get("method") if isinstance(message, dict) else None
        return isinstance(method, str) and method in _CALLING

    def _methods(self, request: RpcRequest) -> Callable[[RpcRequest, Api], Result]:
        known: dict[str, Callable[[RpcRequest, Api], Result]] = {
            "tools/list": self._list,
            "tools/call": self._call,
            "resources/list": self._list_resources,
            "resources/templates/list": self._list_templates,
            "resources/read": self._read_resource,
        }
        if request.is_stateless:
            known |= {
                "server/discover": self._discover,
                "tasks/get": self._get_task,
                "tasks/update": self._update_task,
                "tasks/cancel": self._cancel_task,
            }
        else:
            known |= {"initialize": self._initialize, "ping": lambda _request, _api: {}}
        try:
            return known[request.method]
        except KeyError as error:
            raise ProtocolError(METHOD_NOT_FOUND, "There is no such method") from error

    @property
    def _info(self) -> Mapping[str, str]:
        return {"name": "spike", "title": "Spike", "version": self.version}

    def _discover(self, _request: RpcRequest, _api: Api) -> Result:
        return {
            "resultType": "complete",
            "supportedVersions": list(VERSIONS),
            "capabilities": {**_CAPABILITIES, "extensions": {TASKS: {}}},
            "instructions": INSTRUCTIONS,
            "ttlMs": CACHED_MS,
            "cacheScope": "public",
        }

    def _initialize(self, request: RpcRequest, _api: Api) -> Result:
        asked = request.params.get("protocolVersion")
        return {
            "protocolVersion": asked if asked in HANDSHAKE else HANDSHAKE[0],
            "capabilities": dict(_CAPABILITIES),
            "serverInfo": self._info,
            "instructions": INSTRUCTIONS,
        }

    def _list(self, request: RpcRequest, api: Api) -> Result:
        """List the tools that the caller's credential may use."""
        listed = {"tools": [tool.listed() for tool in self._tools.values() if tool.scope in api.scopes]}
        return _cacheable(request, listed, scope="private")

    def _list_resources(self, request: RpcRequest, api: Api) -> Result:
        return _cacheable(request, resources.listed(request, api), scope="private", ttl_ms=0)

    def _list_templates(self, request: RpcRequest, _api: Api) -> Result:
        return _cacheable(request, {"resourceTemplates": list(resources.TEMPLATES)}, scope="public")

    def _read_resource(self, request: RpcRequest, api: Api) -> Result:
        return _cacheable(request, resources.read(request, api), scope="private")

    def _call(self, request: RpcRequest, api: Api) -> Result:
        tool = self._tools.get(request.text("name"))
        if tool is None:
            raise ProtocolError(INVALID_PARAMS, "There is no such tool")
        arguments = request.params.get("arguments", {})
        if not isinstance(arguments, dict):
            raise ProtocolError(INVALID_PARAMS, "arguments must be an object")
        if not tool.spends:
            return _complete(request, _shown(tool, self._read(tool, arguments, api), api))
        response = place_order(tool, request, arguments, api)
        if response.is_error:
            return _complete(request, refused(response))
        job_id = _at(response.body, tool.job_field or "")
        if job_id and request.has_tasks:
            job = api.call("GET", f"/api/jobs/{job_id}")
            if not job.is_error:
                return tasks.created(job.body["job"], notice=REPLAYED if response.is_replayed else None)
        return _complete(request, ordered(response, job_id))

    def _read(self, tool: Tool, arguments: Mapping[str, Any], api: Api) -> ApiResponse:
        if tool.method == "POST":
            return api.call("POST", tool.path, body=arguments)
        path, query = tool.path, dict(arguments)
        for name in tool.schema.get("required", ()):
            path = path.replace(f"{{{name}}}", segment(query.pop(name, None)))
        return api.call("GET", path, query=query if tool.takes_query else {})

    def _get_task(self, request: RpcRequest, api: Api) -> Result:
        return tasks.followed(self._job(request, api), api)

    def _update_task(self, request: RpcRequest, api: Api) -> Result:
        """Accept answers to questions that a task has asked, of which there are none."""
        self._job(request, api)
        return {"resultType": "complete"}

    def _cancel_task(self, request: RpcRequest, api: Api) -> Result:
        """Cancel the job, which refunds it; one that has ended stays as it is."""
        job = self._job(request, api)
        response = api.call("POST", f"/api/jobs/{job['id']}/cancel", body={})
        if response.is_error and response.status != HTTPStatus.CONFLICT:
            raise api_refusal(response)
        return {"resultType": "complete"}

    def _job(self, request: RpcRequest, api: Api) -> Mapping[str, Any]:
        if not request.has_tasks:
            data: Mapping[str, Any] = {"requiredCapabilities": {"extensions": {TASKS: {}}}}
            raise ProtocolError(MISSING_CAPABILITY, f"The client must declare the extension {TASKS}", data)
        response = api.call("GET", f"/api/jobs/{segment(request.text('taskId'))}")
        if response.is_error:
            raise api_refusal(response)
        job: Mapping[str, Any] = response.body["job"]
        return job


def _cacheable(request: RpcRequest, result: Result, *, scope: str, ttl_ms: int = CACHED_MS) -> Result:
    """Return a result with how long, and for whom, clients may keep it; those of 2025 keep none."""
    return _complete(request, {**result, "ttlMs": ttl_ms, "cacheScope": scope} if request.is_stateless else result)


def _complete(request: RpcRequest, result: Result) -> Result:
    return {"resultType": "complete", **result} if request.is_stateless else result


def _shown(tool: Tool, response: ApiResponse, api: Api) -> Result:
    if response.is_error:
        return refused(response)
    match tool.name:
        case "get_job":
            return job_result(response.body["job"], api)
        case "get_image":
            return image_result(response, api)
        case _:
            return data_result(response)


def _at(body: Mapping[str, Any], path: str) -> str | None:
    value: Any = body
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None
