"""Orders: calls of tools that spend tokens. One that is repeated has one effect.

A request is repeated if its id, its tool and its arguments are the same. Programs number their requests anew for each
conversation, so without a name of the conversation that is taken for a repetition for some minutes alone, in which
programs and proxies send again what got no response. A language model that repeats a call sends a new id: for that
there is `requestKey`, which counts whatever the id is.
"""

import hashlib
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from spike_mcp.api import Api, ApiResponse, OrderKey
from spike_mcp.protocol import RpcRequest
from spike_mcp.tools import KEY_CHARS_MAX, Tool

_SOURCE: Final = ("image", "mimeType", "imageUrl")


def place_order(tool: Tool, request: RpcRequest, arguments: Mapping[str, Any], api: Api) -> ApiResponse:
    """Send an order with its key."""
    chosen = arguments.get("requestKey")
    if chosen is not None and not (isinstance(chosen, str) and 0 < len(chosen) <= KEY_CHARS_MAX):
        text = f"requestKey must be a string of 1 to {KEY_CHARS_MAX} characters"
        return ApiResponse(status=HTTPStatus.BAD_REQUEST, body={"error": text, "code": "INVALID_INPUT"})
    key = _key(tool.name, request, arguments)
    body = {name: value for name, value in arguments.items() if name != "requestKey"}
    if tool.name != "upload_image":
        return api.call(tool.method, tool.path, body=body, key=key)
    source = {name: body.pop(name, None) for name in _SOURCE}
    fields = {name: str(value) for name, value in body.items() if value is not None}
    return api.upload(source, fields=fields, name=fields.pop("name", ""), key=key)


def _key(tool_name: str, request: RpcRequest, arguments: Mapping[str, Any]) -> OrderKey:
    """Return an order's key, which never is that of an order with other arguments."""
    is_chosen = arguments.get("requestKey") is not None
    named_by = ["requestKey"] if is_chosen else ["id", request.key, request.id]
    text = json.dumps([named_by, tool_name, arguments], sort_keys=True)
    is_unique = is_chosen or bool(request.key)
    return OrderKey(text=f"mcp-{hashlib.sha256(text.encode()).hexdigest()}", is_unique=is_unique)
