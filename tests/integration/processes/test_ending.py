"""The shutdown of `spike serve`: requests in progress are answered, new connections are refused."""

import http.client
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psutil
import pytest
from PIL import Image

from eventually import eventually
from multipart import CONTENT_TYPE, an_upload
from pictures import encoded, photograph
from running import PATIENCE_S, Server, serving, serving_on
from spike_core.domain.objects import PictureFormat

CONNECTIONS: Final = 20


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    threads = str(2 * CONNECTIONS + 2)  # half of them, and one, may wait for looks at one user's uploads
    with serving(
        tmp_path / "var", SPIKE_WORKER_THREADS="0", SPIKE_RATE_UPLOAD="0", SPIKE_WEB_THREADS=threads
    ) as server:
        yield server


@contextmanager
def paused(server: Server) -> Iterator[None]:
    """Stop the process, so that bytes sent meanwhile wait in the kernel."""
    server.process.send_signal(signal.SIGSTOP)
    process = psutil.Process(server.process.pid)
    eventually("stopped", lambda: process.status() == psutil.STATUS_STOPPED)
    try:
        yield
    finally:
        server.process.send_signal(signal.SIGCONT)


def connected(server: Server) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(*_address(server), timeout=PATIENCE_S)
    connection.connect()
    return connection


def refuses(server: Server) -> bool:
    try:
        socket.create_connection(_address(server), timeout=PATIENCE_S).close()
    except ConnectionRefusedError:
        return True
    return False


def answered(connection: http.client.HTTPConnection) -> tuple[int, str]:
    """Return the response's status and its Connection header."""
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.headers.get("Connection", "")


def _address(server: Server) -> tuple[str, int]:
    url = urlsplit(server.url)
    assert url.hostname is not None
    assert url.port is not None
    return url.hostname, url.port


def test_what_the_kernel_has_accepted_is_answered(server: Server) -> None:
    """Connections in the kernel's accept queue at the time of the signal aren't reset."""
    body = an_upload(encoded(photograph("chelsea.png")))
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": CONTENT_TYPE}
    with paused(server):
        connections = [connected(server) for _ in range(CONNECTIONS)]
        for connection in connections:
            connection.request("POST", "/api/images/upload", body=body, headers=headers)
        server.process.send_signal(signal.SIGTERM)
    for connection in connections:
        with closing(connection):
            assert answered(connection) == (200, "close")
    assert server.process.wait(PATIENCE_S) == 0


def test_a_request_on_a_connection_that_was_kept_alive_is_answered(server: Server) -> None:
    with closing(connected(server)) as early, closing(connected(server)) as late:
        for connection in (early, late):
            connection.request("GET", "/healthz")
            assert answered(connection) == (200, "")
        with paused(server):
            early.request("GET", "/healthz")
            server.process.send_signal(signal.SIGTERM)
        assert answered(early) == (200, "close")
        eventually("the server refuses connections", lambda: refuses(server))
        late.request("GET", "/healthz")
        assert answered(late) == (200, "close")
    assert server.process.wait(PATIENCE_S) == 0


def test_a_request_that_is_half_sent_can_be_sent_to_its_end(server: Server) -> None:
    body = an_upload(encoded(photograph("chelsea.png")))
    head = (
        f"POST /api/images/upload HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.token}\r\n"
        f"Content-Type: {CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with closing(connected(server)) as connection:
        connection.sock.sendall(head.encode() + body[:1000])
        server.process.send_signal(signal.SIGTERM)
        eventually("the server refuses connections", lambda: refuses(server))
        connection.sock.sendall(body[1000:])
        with closing(http.client.HTTPResponse(connection.sock, method="POST")) as answer:
            answer.begin()
            assert (answer.status, answer.headers["Connection"]) == (200, "close")
    assert server.process.wait(PATIENCE_S) == 0


def test_a_large_answer_is_sent_to_its_end(server: Server) -> None:
    """A response larger than the kernel's buffers continues after the signal, to a client that reads late."""
    picture = encoded(Image.effect_noise((1900, 1900), 80).convert("RGB"), PictureFormat.PNG)
    assert len(picture) > 6_000_000, "more than fits the buffers of a socket"
    uploaded = server.ask(
        "POST", "/api/images/upload", token=server.token, body=an_upload(picture), content_type=CONTENT_TYPE
    ).json
    link = urlsplit(uploaded["image"]["url"])
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        sock.connect(_address(server))
        sock.sendall(f"GET {link.path}?{link.query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        with closing(http.client.HTTPResponse(sock, method="GET")) as answer:
            answer.begin()
            server.process.send_signal(signal.SIGTERM)
            eventually("the server refuses connections", lambda: refuses(server))
            assert answer.read() == picture
    assert server.process.wait(PATIENCE_S) == 0


def test_nobody_connects_in_vain_while_the_server_ends(server: Server) -> None:
    """Each client is answered, or refused when it connects: never after it sent a request."""

    def ask_until_refused() -> int:
        count = 0
        while True:
            try:
                connection = connected(server)
            except ConnectionRefusedError:
                return count
            with closing(connection):
                connection.request("GET", "/healthz")
                assert answered(connection)[0] == 200
            count += 1

    with ThreadPoolExecutor(8) as pool:
        clients = [pool.submit(ask_until_refused) for _ in range(8)]
        eventually("all ask", lambda: all(client.running() for client in clients))
        server.process.send_signal(signal.SIGTERM)
        assert sum(client.result() for client in clients) > 0
    assert server.process.wait(PATIENCE_S) == 0


def test_a_client_that_says_nothing_keeps_the_server_for_the_time_set_and_no_longer(tmp_path: Path) -> None:
    with serving(tmp_path / "var", SPIKE_DRAIN_S="2") as server, closing(connected(server)):
        began_s = time.monotonic()
        assert server.stop() == 0
        assert 2 <= time.monotonic() - began_s < PATIENCE_S / 2


@pytest.mark.parametrize("numbers", [(signal.SIGINT,), (signal.SIGTERM, signal.SIGTERM)])
def test_a_person_who_waits_is_not_kept_by_an_idle_connection(
    server: Server, numbers: tuple[signal.Signals, ...]
) -> None:
    """Ctrl-C closes idle connections; a second signal of either kind ends everything."""
    with closing(connected(server)) as connection:
        connection.request("GET", "/healthz")
        answered(connection)
        began_s = time.monotonic()
        for number in numbers:
            server.process.send_signal(number)
            eventually("the server refuses connections", lambda: refuses(server))
        assert server.process.wait(PATIENCE_S) == 0
        assert time.monotonic() - began_s < 15, "less than SPIKE_DRAIN_S"


def test_a_name_with_two_addresses_is_served_at_both(tmp_path: Path) -> None:
    """`localhost` often has two addresses; if it has one, that is served."""
    addresses = {info[4][0] for info in socket.getaddrinfo("localhost", 0, type=socket.SOCK_STREAM)}
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with serving_on(port, tmp_path / "var", {}, host="localhost") as server:
        for address in addresses:
            eventually(f"{address} answers", partial(_answers, str(address), port))
        assert server.stop() == 0


def _answers(address: str, port: int) -> bool:
    try:
        with closing(http.client.HTTPConnection(address, port, timeout=PATIENCE_S)) as connection:
            connection.request("GET", "/healthz")
            return answered(connection)[0] == 200
    except OSError:
        return False
