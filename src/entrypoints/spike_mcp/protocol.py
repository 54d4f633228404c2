"""JSON-RPC 2.0 as MCP uses it: revisions, error codes and their HTTP statuses, and what each request must say.

Sources: https://modelcontextprotocol.io/specification/2026-07-28 (basic, versioning, streamable HTTP), and the same of
2025-11-25 and 2025-06-18, whose clients shake hands by `initialize` and send no `_meta`.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from attrs import field, frozen

STATELESS: Final = "2026-07-28"
HANDSHAKE: Final = ("2025-11-25", "2025-06-18")  # the newest first
VERSIONS: Final = (STATELESS, *HANDSHAKE)
TASKS: Final = "io.modelcontextprotocol/tasks"
PROTOCOL_VERSION: Final = "io.modelcontextprotocol/protocolVersion"
CLIENT_CAPABILITIES: Final = "io.modelcontextprotocol/clientCapabilities"
SERVER_INFO: Final = "io.modelcontextprotocol/serverInfo"

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
HEADER_MISMATCH: Final = -32020
MISSING_CAPABILITY: Final = -32021
UNSUPPORTED_VERSION: Final = -32022
RESOURCE_NOT_FOUND: Final = -32002  # until 2025-11-25; then INVALID_PARAMS

STATUS: Final[Mapping[int, HTTPStatus]] = {
    PARSE_ERROR: HTTPStatus.BAD_REQUEST,
    INVALID_REQUEST: HTTPStatus.BAD_REQUEST,
    METHOD_NOT_FOUND: HTTPStatus.NOT_FOUND,
    INVALID_PARAMS: HTTPStatus.BAD_REQUEST,
    INTERNAL_ERROR: HTTPStatus.OK,
    HEADER_MISMATCH: HTTPStatus.BAD_REQUEST,
    MISSING_CAPABILITY: HTTPStatus.BAD_REQUEST,
    UNSUPPORTED_VERSION: HTTPStatus.BAD_REQUEST,
    RESOURCE_NOT_FOUND: HTTPStatus.OK,
}

_NAMED_BY: Final[Mapping[str, str]] = {
    "tools/call": "name",
    "resources/read": "uri",
    "tasks/get": "taskId",
    "tasks/update": "taskId",
    "tasks/cancel": "taskId",
}
_ENCODED: Final = re.compile(r"=\?base64\?(.*)\?=")
RequestIdentifier = str | int | float | None


@frozen
class ProtocolError(Exception):
    """A request that breaks the protocol. What a tool refuses is a result instead."""

    code: int
    message: str
    data: Mapping[str, Any] | None = None
    status: HTTPStatus | None = None  # over HTTP; by default that of the code

    def __str__(self) -> str:
        """Return the message."""
        return self.message


@frozen(kw_only=True)
class Reply:
    """The answer to a message: over HTTP with this status; a notification has no body."""

    status: HTTPStatus
    body: Mapping[str, Any] | None = None


@frozen(kw_only=True)
class RpcRequest:
    """A request that says what its revision demands."""

    id: RequestIdentifier
    method: str
    params: Mapping[str, Any] = field(factory=dict, repr=False)
    is_stateless: bool  # of the revision 2026-07-28
    key: str = ""  # the header `Idempotency-Key`, for a client that numbers its requests anew

    @property
    def has_tasks(self) -> bool:
        """Whether the client understands a task as the result of a tool."""
        extensions = self._capabilities.get("extensions")
        return isinstance(extensions, dict) and isinstance(extensions.get(TASKS), dict)

    @property
    def _capabilities(self) -> Mapping[str, Any]:
        return self.params["_meta"][CLIENT_CAPABILITIES] if self.is_stateless else {}

    def text(self, name: str) -> str:
        """Return a parameter that must be a text.

        Raises:
            ProtocolError: it isn't.
        """
        value = self.params.get(name)
        if not isinstance(value, str):
            raise ProtocolError(INVALID_PARAMS, f"{name} must be a string")
        return value


def parsed(message: object, headers: Mapping[str, str]) -> RpcRequest | None:
    """Return the request in a message; `None` for a notification, which is accepted and has no effect.

    `headers` have names in lower case. Over stdio they are those that an HTTP client would send.

    Raises:
        ProtocolError: the message is neither, or doesn't say what its revision demands.
    """
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0" or not isinstance(message.get("method"), str):
        raise ProtocolError(INVALID_REQUEST, "The body must be one JSON-RPC 2.0 request or notification")
    params = message.get("params", {})
    if "id" not in message:
        _check_version(headers.get("mcp-protocol-version", HANDSHAKE[0]))
        return None
    id_ = message["id"]
    if not isinstance(id_, str | int) or isinstance(id_, bool):
        raise ProtocolError(INVALID_REQUEST, "The id must be a string or an integer")
    if not isinstance(params, dict):
        raise ProtocolError(INVALID_PARAMS, "params must be an object")
    method, key = message["method"], headers.get("idempotency-key", "")
    if _is_stateless(method, params, headers):
        _check_envelope(method, params, headers)
        return RpcRequest(id=id_, method=method, params=params, is_stateless=True, key=key)
    if method != "initialize":
        _check_version(headers.get("mcp-protocol-version", HANDSHAKE[0]))
    return RpcRequest(id=id_, method=method, params=params, is_stateless=False, key=key)


def identifier(message: object) -> RequestIdentifier:
    """Return the id that an error about a message has."""
    id_ = message.get("id") if isinstance(message, dict) else None
    return id_ if isinstance(id_, str | int) and not isinstance(id_, bool) else None


def success(id_: RequestIdentifier, result: Mapping[str, Any]) -> Reply:
    """Return the reply with a result."""
    return Reply(status=HTTPStatus.OK, body={"jsonrpc": "2.0", "id": id_, "result": dict(result)})


def failure(id_: RequestIdentifier, error: ProtocolError, *, is_stateless: bool) -> Reply:
    """Return the reply with an error. Clients of 2025 expect 200 for errors about a request that could be read."""
    about: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.data is not None:
        about["data"] = dict(error.data)
    status = error.status or STATUS[error.code]
    if not is_stateless and error.code in {METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR}:
        status = HTTPStatus.OK
    return Reply(status=status, body={"jsonrpc": "2.0", "id": id_, "error": about})


def _is_stateless(method: str, params: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    meta = params.get("_meta")
    says_so = isinstance(meta, dict) and PROTOCOL_VERSION in meta
    return says_so or headers.get("mcp-protocol-version") == STATELESS or method == "server/discover"


def _check_envelope(method: str, params: Mapping[str, Any], headers: Mapping[str, str]) -> None:
    meta = params.get("_meta")
    if not isinstance(meta, dict):
        raise ProtocolError(INVALID_PARAMS, "params._meta must be an object")
    version, capabilities = meta.get(PROTOCOL_VERSION), meta.get(CLIENT_CAPABILITIES)
    if not isinstance(version, str):
        raise ProtocolError(INVALID_PARAMS, f"params._meta must have {PROTOCOL_VERSION}, a string")
    if not isinstance(capabilities, dict):
        raise ProtocolError(INVALID_PARAMS, f"params._meta must have {CLIENT_CAPABILITIES}, an object")
    if headers.get("mcp-protocol-version") != version:
        raise ProtocolError(HEADER_MISMATCH, f"The header MCP-Protocol-Version must be that of params._meta: {version}")
    if headers.get("mcp-method") != method:
        raise ProtocolError(HEADER_MISMATCH, f"The header Mcp-Method must be the method: {method}")
    name = params.get(_NAMED_BY[method]) if method in _NAMED_BY else None
    if isinstance(name, str) and _decoded(headers.get("mcp-name")) != name:
        raise ProtocolError(HEADER_MISMATCH, f"The header Mcp-Name must be params.{_NAMED_BY[method]}")
    _check_version(version, supported=(STATELESS,))


def _check_version(version: str, *, supported: tuple[str, ...] = VERSIONS) -> None:
    if version not in supported:
        data = {"supported": list(VERSIONS), "requested": version}
        raise ProtocolError(UNSUPPORTED_VERSION, f"The protocol version {version[:40]!r} is not supported", data)


def encoded_header(value: str) -> str:
    """Return a name as the value of a header: as it is, or in base64 if a header can't hold it."""
    if value == value.strip() and all(" " <= character <= "~" for character in value) and not _ENCODED.match(value):
        return value
    return f"=?base64?{base64.b64encode(value.encode('utf-8', 'surrogatepass')).decode()}?="


def headers_for(message: object) -> Mapping[str, str]:
    """Return the headers with which a client sends a message over HTTP, by names in lower case."""
    if not isinstance(message, dict):
        return {}
    method, params = message.get("method"), message.get("params")
    params = params if isinstance(params, dict) else {}
    meta = params.get("_meta")
    version = meta.get(PROTOCOL_VERSION) if isinstance(meta, dict) else None
    if not isinstance(version, str) or not isinstance(method, str):
        return {}
    headers = {"mcp-protocol-version": encoded_header(version), "mcp-method": encoded_header(method)}
    name = params.get(_NAMED_BY[method]) if method in _NAMED_BY else None
    return {**headers, "mcp-name": encoded_header(name)} if isinstance(name, str) else headers


def _decoded(value: str | None) -> str | None:
    match = _ENCODED.fullmatch(value or "")
    if match is None:
        return value
    try:
        return base64.b64decode(match[1], validate=True).decode("utf-8", "surrogatepass")
    except (binascii.Error, ValueError):
        return None
