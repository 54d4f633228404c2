"""`deploy/nginx.conf` in front of a server: its limits for each address, its buffers, and the files that it sends."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from attrs import evolve

from eventually import eventually
from multipart import CONTENT_TYPE, an_upload
from pictures import encoded, noise
from running import Answer, Server, serving
from servers.nginx import OBJECTS, nginx_before
from spike_core.domain.objects import PictureFormat

AT_ONCE: Final = 64  # requests of one address
SPARE: Final = 8  # an earlier request may still be counted, and a new one refused for it
WAIT_S: Final = 20.0
PICTURE: Final = encoded(noise(64, seed=7), PictureFormat.PNG)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nginx") / "var"


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """Start a server that trusts nginx and leaves files to it."""
    settings = {"SPIKE_ACCEL_REDIRECT": "/objects", "SPIKE_TRUSTED_PROXIES": "127.0.0.1", "SPIKE_WORKER_THREADS": "0"}
    with serving(folder, SPIKE_SANDBOX="off", **settings) as server:
        yield server


@pytest.fixture(scope="module")
def proxied(server: Server, folder: Path) -> Iterator[Server]:
    """Return the server as clients see it: through nginx, with the location for files."""
    port = urlsplit(server.url).port or 0
    patient = {"client_body_timeout   30s": "client_body_timeout 300s"}  # of requests that stand still for long
    changes = {"#accel ": "", OBJECTS: f"{folder}/objects/", **patient}
    with nginx_before(port, port, changes=changes) as nginx:
        yield evolve(server, url=f"http://127.0.0.1:{nginx}")


@pytest.fixture(scope="module")
def url(proxied: Server) -> str:
    """Upload a picture, and return the path and query of its file."""
    answer = proxied.ask(
        "POST", "/api/images/upload", token=proxied.token, body=an_upload(PICTURE), content_type=CONTENT_TYPE
    )
    link = urlsplit(answer.json["image"]["url"])
    return f"{link.path}?{link.query}"


def asked(server: Server, request: bytes, *, source: str = "127.0.0.1") -> tuple[int, bytes, bytes]:
    """Send a request from an address, and return the status, head and body of the response."""
    link = urlsplit(server.url)
    address = (link.hostname or "", link.port or 0)
    with socket.create_connection(address, WAIT_S, source_address=(source, 0)) as connection:
        connection.sendall(request + b"Host: spike\r\nConnection: close\r\n\r\n")
        whole = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = whole.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.lower(), body


def test_nginx_sends_files_whose_links_spike_has_checked(proxied: Server, url: str) -> None:
    answer: Answer = proxied.ask("GET", url)
    assert answer.content == PICTURE
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert headers["content-type"] == "image/png"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-request-id"].startswith("req_")
    assert "x-accel-redirect" not in headers
    path = url.partition("?")[0].encode()
    line = b"GET " + url.encode() + b" HTTP/1.1\r\n"
    assert asked(proxied, line + b"If-None-Match: " + headers["etag"].encode() + b"\r\n")[0] == 304
    part = asked(proxied, line + b"Range: bytes=0-7\r\n")
    assert (part[0], part[2]) == (206, b"\x89PNG\r\n\x1a\n")
    assert (asked(proxied, b"HEAD " + url.encode() + b" HTTP/1.1\r\n")[0]) == 200
    assert proxied.ask("GET", path.decode()).status == 404, "without its signature"
    assert proxied.ask("GET", url.replace("signature=", "signature=0")).status == 403
    inside = path.replace(b"/files/", b"/objects/")
    assert asked(proxied, b"GET " + inside + b" HTTP/1.1\r\n")[0] == 404, "the location is internal"


def test_one_address_holds_so_many_requests_and_others_are_served(proxied: Server, server: Server) -> None:
    """Their bodies wait in nginx: Spike has no connection of them."""
    link = urlsplit(proxied.url)
    head = f"POST /api/images/upload HTTP/1.1\r\nHost: spike\r\nAuthorization: Bearer {server.token}\r\n"
    head += f"Content-Type: {CONTENT_TYPE}\r\nContent-Length: 40000000\r\n\r\n"
    health = b"GET /healthz HTTP/1.1\r\n"
    with ExitStack() as stack:
        for _ in range(AT_ONCE + SPARE):
            connection = stack.enter_context(socket.create_connection((link.hostname, link.port), WAIT_S))
            connection.sendall(head.encode() + b"x" * 100)
        eventually("nginx has read all headers", lambda: asked(proxied, health)[0] == 429)
        _, said, body = asked(proxied, health)
        assert json.loads(body)["code"] == "RATE_LIMIT"
        assert set(json.loads(body)) == {"error", "title", "suggestion", "code", "retryAfter", "requestId"}
        assert b"retry-after: 1" in said
        assert asked(proxied, health, source="127.0.0.2")[0] == 200
        states = server.ask("GET", "/readyz").json["checks"]
        assert {name for name, state in states.items() if state != "ok"} == {"workers"}, "there are none"


def test_one_address_sends_so_many_requests_and_others_are_served(server: Server) -> None:
    port = urlsplit(server.url).port or 0
    with nginx_before(port, port, changes={"rate=100r/s": "rate=1r/m", "burst=400": "burst=5"}) as nginx:
        proxied = evolve(server, url=f"http://127.0.0.1:{nginx}")
        health = b"GET /healthz HTTP/1.1\r\n"
        assert [asked(proxied, health)[0] for _ in range(8)] == [200] * 6 + [429] * 2
        assert asked(proxied, health, source="127.0.0.2")[0] == 200
