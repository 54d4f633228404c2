"""Clients that hold connections, threads or disk space of `spike serve`: others are served all the same."""

import json
import os
import random
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from PIL import Image

from eventually import eventually
from multipart import CONTENT_TYPE, an_upload
from pictures import encoded, noise
from running import Server, serving
from spike_core.domain.objects import PictureFormat

IDLE: Final = 600
SLOWLY_S: Final = 6.0
SILENCE_S: Final = 20.0  # of the server, after which a test has failed
HALF_SENT: Final = 110  # more than waitress accepts by default
UNREAD: Final = 16  # twice as many as there are threads
LARGE_BYTES: Final = 50 * 1024 * 1024  # more than waitress takes from a thread that writes
LARGE_PX: Final = 1700  # a PNG of 8.7 MB
HEADER: Final = b"POST /api/images/upload HTTP/1.1\r\nHost: spike\r\n"
BIG: Final = b"Content-Length: 40000000\r\n\r\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("connections") / "var"


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """Start a server with the default limits that runs no jobs."""
    with serving(folder, SPIKE_WORKER_THREADS="0", SPIKE_SANDBOX="off") as server:
        yield server


@contextmanager
def connected(server: Server, count: int = 1, *, sending: bytes = b"") -> Iterator[list[socket.socket]]:
    """Open connections, and send the same on each."""
    url = urlsplit(server.url)
    with ExitStack() as stack:
        sockets = []
        for _ in range(count):
            sockets.append(stack.enter_context(socket.create_connection((url.hostname, url.port), SILENCE_S)))
            sockets[-1].sendall(sending)
        yield sockets


def received(connection: socket.socket) -> bytes:
    """Read until the server closes the connection."""
    whole = b""
    try:
        while data := connection.recv(65536):
            whole += data
    except ConnectionResetError:
        pass  # closed with something unread
    return whole


def upload(server: Server, content: bytes) -> str:
    """Upload a picture and return the URL of its file."""
    answer = server.ask(
        "POST", "/api/images/upload", token=server.token, body=an_upload(content), content_type=CONTENT_TYPE
    )
    assert answer.status == 200, answer.content
    url: str = answer.json["image"]["url"]
    return url


def large() -> bytes:
    """Return a picture that doesn't fit into the kernel's buffers of a connection."""
    pixels = random.Random(1).randbytes(3 * LARGE_PX * LARGE_PX)  # noqa: S311  # the same in each run
    return encoded(Image.frombytes("RGB", (LARGE_PX, LARGE_PX), pixels), PictureFormat.PNG)


def get(path: str, *, headers: bytes = b"") -> bytes:
    return b"GET " + path.encode() + b" HTTP/1.1\r\nHost: spike\r\n" + headers + b"\r\n"


def test_idle_connections_and_half_sent_requests_keep_nobody_out(server: Server) -> None:
    with connected(server, HALF_SENT, sending=HEADER), connected(server, IDLE):
        assert server.ask("GET", "/healthz").status == 200
        assert server.ask("GET", "/api/images", token=server.token).status == 200


def test_clients_that_read_nothing_hold_no_thread(server: Server, folder: Path) -> None:
    url = urlsplit(upload(server, encoded(noise(64, seed=3), PictureFormat.PNG)))
    [stored] = folder.rglob(Path(url.path).name)
    os.truncate(stored, LARGE_BYTES)
    with connected(server, UNREAD, sending=get(f"{url.path}?{url.query}")) as unread:
        assert server.ask("GET", "/api/images", token=server.token).status == 200
        assert unread[0].recv(15) == b"HTTP/1.1 200 OK", "it was being sent"


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (HEADER + BIG, b"401"),
        (HEADER + b"Transfer-Encoding: chunked\r\n\r\n", b"401"),
        (HEADER.replace(b"/api/images/upload", b"/nowhere") + BIG, b"404"),
        (HEADER.replace(b"POST", b"PUT") + BIG, b"405"),
        (HEADER + b"Authorization: Bearer " + b"x" * 30 + b"\r\nContent-Length: 60000000\r\n\r\n", b"401"),
    ],
    ids=["without credentials", "in chunks", "to nowhere", "with another method", "too large"],
)
def test_a_body_that_will_be_refused_is_not_read(server: Server, header: bytes, status: bytes) -> None:
    """The answer comes without it, is JSON as any other, and ends the connection: what follows is no request."""
    with connected(server, sending=header + get("/healthz")) as [connection]:
        head, _, body = received(connection).partition(b"\r\n\r\n")
        assert head.split()[1] == status
        assert b"Connection: close" in head
        assert json.loads(body)["requestId"]


@pytest.mark.parametrize("length", [b"Content-Length: 40000000", b"Transfer-Encoding: chunked"])
def test_bodies_beyond_what_one_address_may_send_at_once_are_refused(tmp_path: Path, length: bytes) -> None:
    """Any credentials make the server receive a body before it knows whether they are valid."""
    header = HEADER + b"Cookie: a=b\r\n" + length + b"\r\n\r\n"
    settings = {"SPIKE_WORKER_THREADS": "0", "SPIKE_SANDBOX": "off", "SPIKE_BODIES_MB_MAX": "120"}
    with serving(tmp_path / "var", **settings) as server:
        with connected(server, sending=header), connected(server, sending=header) as [connection]:
            head, _, body = received(connection).partition(b"\r\n\r\n")
            assert b" 503 " in head
            assert b"Retry-After: 1" in head
            assert json.loads(body)["code"] == "SERVER_BUSY"
            assert server.ask("GET", "/api/images", token=server.token).status == 200, "others are served"
        eventually("the place is free", lambda: established(server) == 0)
        with connected(server, sending=header) as [connection]:
            assert not select.select([connection], [], [], 0.5)[0], "it is received"


def test_a_body_too_large_for_any_operation_is_refused_at_its_header(server: Server) -> None:
    header = HEADER + f"Authorization: Bearer {server.token}\r\n".encode()
    header += f"Content-Type: {CONTENT_TYPE}\r\nContent-Length: 60000000\r\n\r\n".encode()
    with connected(server, sending=header) as [connection]:
        answer = received(connection)
        assert (answer.split()[1], b"FILE_TOO_LARGE" in answer) == (b"400", True), answer


@pytest.mark.parametrize("line", [b"5;" + b"x" * 9000, b"0\r\n" + b"x: y\r\n" * 2000])
def test_endless_chunk_lines_are_refused(server: Server, line: bytes) -> None:
    header = HEADER + f"Authorization: Bearer {server.token}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    with connected(server, sending=header + line) as [connection]:
        assert received(connection).split()[1] == b"400"


def test_two_lengths_of_one_body_end_the_connection(server: Server) -> None:
    """A proxy before us may have believed the other one; what it takes for the rest of the body is no request."""
    request = HEADER + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    with connected(server, sending=request + get("/healthz")) as [connection]:
        assert received(connection).count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "malformed",
    [b"GARBAGE", b"GET / HTTP/1.1\r\nno header", b"get / HTTP/1.1", b"GET / HTTP/1.1\r\nContent-Length: x"],
    ids=["no request", "no header", "no method", "no length"],
)
@pytest.mark.parametrize("before", [b"", get("/healthz"), get("/api/images")], ids=["alone", "health", "request"])
def test_a_malformed_request_is_answered_and_ends_its_connection(
    server: Server, before: bytes, malformed: bytes
) -> None:
    with connected(server, sending=before + malformed + b"\r\n\r\n") as [connection]:
        answers = received(connection)
    assert answers.count(b"HTTP/1.") == (2 if before else 1)
    assert b" 400 Bad Request" in answers
    eventually("the server has closed it, too", lambda: established(server) == 0)


@pytest.mark.parametrize("length", [b"", b"Content-Length: 0\r\n"], ids=["no body", "an empty one"])
def test_who_announces_a_body_and_has_none_is_answered_at_once(server: Server, length: bytes) -> None:
    """The next request on the connection is one of its own."""
    request = get("/api/images", headers=b"Expect: 100-continue\r\n" + length)
    with connected(server, sending=request) as [connection]:
        assert b" 401 " in connection.recv(4096)
        connection.sendall(get("/healthz", headers=b"Connection: close\r\n"))
        assert b" 200 " in received(connection)


def test_a_request_is_answered_although_the_next_is_half_sent(tmp_path: Path) -> None:
    settings = {"SPIKE_WORKER_THREADS": "0", "SPIKE_SANDBOX": "off", "SPIKE_HEADER_TIMEOUT_S": "0.5"}
    with serving(tmp_path / "var", **settings) as server:
        upload(server, encoded(noise(64, seed=2)))
        [image] = server.ask("GET", "/api/images", token=server.token).json["images"]
        authorization = f"Authorization: Bearer {server.token}\r\n".encode()
        waiting = get(f"/api/images/{image['id']}?wait=3", headers=authorization)
        with connected(server, sending=waiting + b"GET /half HTTP/1.1\r\n") as [connection]:
            assert b" 200 " in connection.recv(4096)


def test_health_is_answered_while_all_threads_are_busy(tmp_path: Path) -> None:
    """The only thread waits for a job that no worker takes up."""
    with serving(tmp_path / "var", SPIKE_WORKER_THREADS="0", SPIKE_SANDBOX="off", SPIKE_WEB_THREADS="1") as server:
        upload(server, encoded(noise(64, seed=2)))
        [image] = server.ask("GET", "/api/images", token=server.token).json["images"]
        authorization = f"Authorization: Bearer {server.token}\r\n".encode()
        with connected(server, sending=get(f"/api/images/{image['id']}?wait=30", headers=authorization)) as [waiting]:
            assert server.ask("GET", "/healthz").status == 200
            assert server.ask("GET", "/readyz").json["checks"]["threads"] == "ok"
            with connected(server, sending=get("/api/images")):
                eventually("a request waits for the thread", partial(_is_exhausted, server))
            assert not select.select([waiting], [], [], 0)[0], "it still waits"


def _is_exhausted(server: Server) -> bool:
    """Return whether `/readyz` says that a request waits for a thread."""
    answer = server.ask("GET", "/readyz")
    assert answer.status == 200
    return bool(answer.json["checks"]["threads"] == "exhausted")


def test_deadlines_end_what_clients_begin_and_do_not_go_on_with(tmp_path: Path) -> None:
    settings = {
        "SPIKE_HEADER_TIMEOUT_S": "2",  # a busy machine makes the tests' own requests slow
        "SPIKE_BODY_TIMEOUT_S": "2",
        "SPIKE_READ_TIMEOUT_S": "2",
        "SPIKE_IDLE_TIMEOUT_S": "2",
    }
    with serving(tmp_path / "var", SPIKE_WORKER_THREADS="0", SPIKE_SANDBOX="off", **settings) as server:
        content = large()
        url = urlsplit(upload(server, content))
        body = HEADER + f"Authorization: Bearer {server.token}\r\n".encode() + BIG + b"x" * 100
        with (
            connected(server) as [idle],
            connected(server, sending=HEADER) as [half_sent],
            connected(server, sending=body) as [half_uploaded],
            connected(server, sending=get(f"{url.path}?{url.query}")) as [unread],
        ):
            for connection in (idle, half_sent, half_uploaded):
                assert received(connection) == b""
            eventually("the unread one is cut off", lambda: established(server) == 0)
            assert len(received(unread)) < len(content)


def test_a_client_that_reads_slowly_is_not_one_that_reads_nothing(tmp_path: Path) -> None:
    """The kernel takes so much from the server at once that it takes nothing for seconds."""
    settings = {"SPIKE_WORKER_THREADS": "0", "SPIKE_SANDBOX": "off", "SPIKE_READ_TIMEOUT_S": "2"}
    with serving(tmp_path / "var", **settings) as server:
        url = urlsplit(upload(server, large()))
        until_s, pause = time.monotonic() + SLOWLY_S, threading.Event()
        with connected(server, sending=get(f"{url.path}?{url.query}")) as [connection]:
            while time.monotonic() < until_s:
                assert connection.recv(4096), "cut off"
                pause.wait(0.02)


def established(server: Server) -> int:
    """Return how many connections the server has, as the kernel tells."""
    port = f"{urlsplit(server.url).port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{port}") and row[3] == "01" for row in rows)


@pytest.mark.parametrize(("proxies", "most"), [("", 20), ("127.0.0.1", 30)], ids=["peer", "proxy"])
def test_one_address_has_its_share_of_the_connections(tmp_path: Path, proxies: str, most: int) -> None:
    """Its idle connections make room for its new ones; a proxy's are those of many."""
    settings = {"SPIKE_PEER_CONNECTIONS_MAX": "20", "SPIKE_TRUSTED_PROXIES": proxies, "SPIKE_SANDBOX": "off"}
    with serving(tmp_path / "var", SPIKE_WORKER_THREADS="0", **settings) as server, connected(server, 30) as sockets:
        assert server.ask("GET", "/healthz").status == 200
        assert established(server) <= most
        sockets[-1].sendall(get("/healthz"))
        assert sockets[-1].recv(15) == b"HTTP/1.1 200 OK"
