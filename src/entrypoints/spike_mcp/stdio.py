"""MCP over stdio: one message per line, each passed on as a request over HTTP, to this process or to a server.

Requests are answered as soon as each can be, so that one that waits for a job holds up none.
"""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, BinaryIO, Final

from attrs import define, field

from spike_mcp.protocol import (
    INTERNAL_ERROR,
    PARSE_ERROR,
    ProtocolError,
    RequestIdentifier,
    failure,
    headers_for,
    identifier,
)

LINE_BYTES_MAX: Final = 64 * 1024 * 1024  # pictures of 20 MB in base64, escaped
AT_A_TIME: Final = 8
Post = Callable[[bytes, Mapping[str, str]], tuple[int, bytes]]
"""Sends a message with these headers to `/mcp`, and returns the status and the body of the response."""


def forward(lines: BinaryIO, output: BinaryIO, post: Post, *, key: str) -> None:
    """Answer each line until there is no more, or the program stops reading; nothing but replies is written.

    `key` is this connection's: programs number their requests anew in each, and none is another's repetition.
    """
    connection = _Connection(output=output, post=post, key=key)
    for line in _lines(lines):
        if connection.is_broken:
            return
        connection.accept(line)
    connection.wait()


def _lines(stream: BinaryIO) -> Iterable[bytes]:
    """Yield the lines; of one that is too long, only the beginning."""
    while line := stream.readline(LINE_BYTES_MAX):
        yield line
        while len(line) == LINE_BYTES_MAX and not line.endswith(b"\n"):
            line = stream.readline(LINE_BYTES_MAX)


@define(kw_only=True)
class _Connection:
    """A connection and its requests that have no reply yet."""

    output: BinaryIO
    post: Post
    key: str
    is_broken: bool = False  # the program has stopped reading
    _version: str | None = None  # what a client of 2025 agreed on in `initialize`, and HTTP has in each request
    _pending: dict[RequestIdentifier, threading.Event] = field(factory=dict)  # set when it is cancelled
    _places: threading.Semaphore = field(factory=lambda: threading.Semaphore(AT_A_TIME))
    _threads: set[threading.Thread] = field(factory=set)
    _lock: threading.RLock = field(factory=threading.RLock)

    def accept(self, line: bytes) -> None:
        """Answer a line, or begin to; wait while as many as may be are in progress."""
        if not line.strip():
            return
        try:
            message: Any = json.loads(line)
        except (ValueError, RecursionError):
            is_cut = len(line) == LINE_BYTES_MAX
            text = f"The line is longer than {LINE_BYTES_MAX} bytes" if is_cut else "The line isn't JSON"
            self._write(failure(None, ProtocolError(PARSE_ERROR, text), is_stateless=True).body)
            return
        is_object = isinstance(message, dict)
        if is_object and "id" not in message:
            self._note(message)
        elif not is_object or message.get("method") == "initialize":  # what comes next depends on its reply
            self._answer(line, message, threading.Event())
        else:
            self._begin(line, message)

    def wait(self) -> None:
        """Wait for the replies to all requests."""
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _begin(self, line: bytes, message: Mapping[str, Any]) -> None:
        self._places.acquire()
        cancelled = threading.Event()

        def run() -> None:
            try:
                self._answer(line, message, cancelled)
            finally:
                with self._lock:
                    self._pending.pop(identifier(message), None)
                    self._threads.discard(thread)
                self._places.release()

        # a daemon, so that a program that is terminated doesn't wait for it
        thread = threading.Thread(target=run, name="mcp", daemon=True)
        with self._lock:
            self._pending[identifier(message)] = cancelled
            self._threads.add(thread)
        thread.start()

    def _note(self, notification: Mapping[str, Any]) -> None:
        """Take notice that a request is cancelled, to which there may be no reply; others have no effect."""
        params = notification.get("params")
        if notification.get("method") != "notifications/cancelled" or not isinstance(params, dict):
            return
        with self._lock:
            cancelled = self._pending.get(identifier({"id": params.get("requestId")}))
            if cancelled is not None:
                cancelled.set()

    def _answer(self, line: bytes, message: Any, cancelled: threading.Event) -> None:
        headers = {**({"mcp-protocol-version": self._version} if self._version else {}), **headers_for(message)}
        try:
            status, content = self.post(line, {"idempotency-key": self.key, **headers})
            reply = _reply(message, status, content)
        except Exception as error:  # noqa: BLE001  # a request without a reply would wait forever
            reply = _failed(message, f"{type(error).__name__}: {error}")
        result = reply.get("result")
        if isinstance(result, dict) and isinstance(result.get("protocolVersion"), str):
            self._version = result["protocolVersion"]
        if not cancelled.is_set():
            self._write(reply)

    def _write(self, reply: Any) -> None:
        line = json.dumps(reply, ensure_ascii=True).encode() + b"\n"
        with self._lock:
            try:
                self.output.write(line)
                self.output.flush()
            except OSError:
                self.is_broken = True


def _reply(message: Any, status: int, content: bytes) -> dict[str, Any]:
    """Return the reply in a response; one whose id couldn't be read belongs to this message."""
    try:
        reply = json.loads(content)
    except ValueError:
        reply = None
    if not isinstance(reply, dict) or "jsonrpc" not in reply:
        text = reply.get("error") if isinstance(reply, dict) else None
        return _failed(message, f"The server answered {status}: {text or 'no reply'}")
    return reply if reply.get("id") is not None else {**reply, "id": identifier(message)}


def _failed(message: Any, text: str) -> dict[str, Any]:
    reply = failure(identifier(message), ProtocolError(INTERNAL_ERROR, text), is_stateless=True)
    return dict(reply.body or {})
