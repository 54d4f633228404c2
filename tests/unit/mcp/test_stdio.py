"""Stdio: each line is a request, whatever else the program on the other side does."""

import io
import json
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from spike_mcp import forward, stdio

Answered = Callable[[bytes, Mapping[str, str]], tuple[int, bytes]]
INITIALIZE: Final = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}


def request(id_: object, method: str = "ping") -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id_, "method": method}


def done(line: bytes, _headers: Mapping[str, str]) -> tuple[int, bytes]:
    return 200, json.dumps({"jsonrpc": "2.0", "id": json.loads(line)["id"], "result": {}}).encode()


def replies(lines: list[Any], post: Answered) -> list[Any]:
    text = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    output = io.BytesIO()
    forward(io.BytesIO(text), output, post, key="a")
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_what_a_client_of_2025_agreed_on_goes_with_each_request_and_notifications_get_no_reply() -> None:
    sent: list[Mapping[str, str]] = []

    def post(line: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        sent.append(headers)
        result = {"protocolVersion": "2025-06-18"} if b"initialize" in line else {}
        return 200, json.dumps({"jsonrpc": "2.0", "id": json.loads(line)["id"], "result": result}).encode()

    answers = replies(
        [INITIALIZE, {"jsonrpc": "2.0", "method": "notifications/initialized"}, request(2), b"", request(3)], post
    )
    assert sorted(answer["id"] for answer in answers) == [1, 2, 3]
    assert [headers.get("mcp-protocol-version") for headers in sent] == [None, "2025-06-18", "2025-06-18"]
    assert {headers["idempotency-key"] for headers in sent} == {"a"}


@pytest.mark.parametrize(
    "line", [b"no JSON", b"\xff\xfe\xfd", b'{"id": 1', b"[" * 100_000, b'"\xed\xa0\x80', b"x" * 200]
)
def test_a_line_that_is_no_json_is_a_parse_error_and_the_next_one_is_read(
    line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stdio, "LINE_BYTES_MAX", 60_000)
    answers = replies([line, request(2)], done)
    assert [(answer["id"], answer.get("error", {}).get("code")) for answer in answers] == [(None, -32700), (2, None)]


def test_a_request_that_waits_holds_up_no_other_and_a_cancelled_one_gets_no_reply() -> None:
    """As `get_job` with `wait` does, while the program asks whether the server is alive."""
    answered, cancelled = threading.Event(), threading.Event()

    class Output(io.BytesIO):
        def write(self, content: Any) -> int:
            if json.loads(content)["id"] == "alive":
                answered.set()
            return super().write(content)

    class Input(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            line = super().readline(size)
            if not line:
                cancelled.set()  # all lines have been accepted
            return line

    def post(line: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        if b"slow" in line:
            assert answered.wait(60)
        if b"cancelled" in line:
            assert cancelled.wait(60)
        return done(line, headers)

    lines = [
        request("slow"),
        request("cancelled"),
        request("alive"),
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "cancelled"}},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": {}}},
        {"jsonrpc": "2.0", "method": "notifications/cancelled"},
    ]
    output = Output()
    forward(Input(b"\n".join(json.dumps(line).encode() for line in lines)), output, post, key="a")
    assert [json.loads(line)["id"] for line in output.getvalue().splitlines()] == ["alive", "slow"]


def test_whatever_the_server_answers_the_request_gets_a_reply() -> None:
    def post(line: bytes, _headers: Mapping[str, str]) -> tuple[int, bytes]:
        match json.loads(line)["id"]:
            case 1:
                return 401, b'{"error": "Please sign in"}'
            case 2:
                return 520, b"<html>"
            case 3:
                return 400, b'{"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": "no JSON"}}'
            case _:
                raise OSError("no network")

    errors = {answer["id"]: answer["error"] for answer in replies([request(id_) for id_ in range(1, 5)], post)}
    assert {id_: error["code"] for id_, error in errors.items()} == {1: -32603, 2: -32603, 3: -32700, 4: -32603}
    assert errors[1]["message"] == "The server answered 401: Please sign in"


def test_it_ends_when_the_program_stops_reading() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    sent: list[bytes] = []

    def post(line: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        sent.append(line)
        return done(line, headers)

    with os.fdopen(writer, "wb", buffering=0) as output:
        forward(io.BytesIO(json.dumps(INITIALIZE).encode() + b"\n" + b'{"id": 2}\n' * 100), output, post, key="a")
    assert len(sent) == 1
