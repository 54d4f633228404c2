"""MCP over stdio: one message per line, each passed on as a request over HTTP, to this process or to a server."""

import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, BinaryIO, Final

from spike_mcp.protocol import INTERNAL_ERROR, PARSE_ERROR, ProtocolError, failure, headers_for, identifier

LINE_BYTES_MAX: Final = 64 * 1024 * 1024  # pictures of 20 MB in base64, escaped
Post = Callable[[bytes, Mapping[str, str]], tuple[HTTPStatus, bytes]]
"""Sends a message with these headers to `/mcp`, and returns the status and the body of the response."""


def forward(lines: BinaryIO, output: BinaryIO, post: Post, *, key: str) -> None:
    """Answer each line until there is no more; nothing but replies is written.

    `key` is this connection's: programs number their requests anew in each, and none is another's repetition.

    A client of 2025 tells its revision once, in `initialize`, and over HTTP in each request: here the first reply to
    `initialize` is remembered for it.
    """
    agreed = {"idempotency-key": key}
    for line in _lines(lines):
        if not line.strip():
            continue
        reply = _reply(line, agreed, post)
        if reply is not None:
            output.write(json.dumps(reply, ensure_ascii=True).encode() + b"\n")
            output.flush()


def _lines(stream: BinaryIO) -> Iterable[bytes]:
    while line := stream.readline(LINE_BYTES_MAX):
        yield line


def _reply(line: bytes, agreed: dict[str, str], post: Post) -> Any:
    try:
        message: Any = json.loads(line)
    except (ValueError, RecursionError):
        return failure(None, ProtocolError(PARSE_ERROR, "The line isn't JSON"), is_stateless=True).body
    headers = {**agreed, **headers_for(message)}
    status, content = post(line, headers)
    if status == HTTPStatus.ACCEPTED:
        return None
    try:
        reply = json.loads(content)
    except ValueError:
        reply = None
    if not isinstance(reply, dict) or "jsonrpc" not in reply:
        if isinstance(message, dict) and "id" not in message:
            return None
        text = reply.get("error") if isinstance(reply, dict) else None
        error = ProtocolError(INTERNAL_ERROR, f"The server answered {int(status)}: {text or 'no reply'}")
        return failure(identifier(message), error, is_stateless=True).body
    version = reply.get("result", {}).get("protocolVersion") if isinstance(reply.get("result"), dict) else None
    if isinstance(version, str):
        agreed["mcp-protocol-version"] = version
    return reply if not (isinstance(message, dict) and "id" not in message) else None
