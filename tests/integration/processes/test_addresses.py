"""`spike serve` on a real socket: the address that it prints, and bytes that no client library would send."""

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from attrs import frozen

from multipart import CONTENT_TYPE, a_form, a_part
from pictures import encoded, photograph
from running import PATIENCE_S, Server, run_spike, serving_on
from spike_cli.banner import local_url

PICTURE = encoded(photograph("chelsea.png"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server") / "var"
    settings = {"SPIKE_SERVE_WORKS": "no", "SPIKE_SANDBOX": "off", "SPIKE_TRUSTED_PROXIES": "127.0.0.0/8"}
    with serving_on(0, folder, settings, host="127.0.0.2") as server:
        yield server


@frozen
class Raw:
    """A response as received."""

    head: str
    rest: bytes

    @property
    def status(self) -> int:
        return int(self.head.split()[1])

    def header(self, name: str) -> str:
        (value,) = re.findall(rf"(?im)^{name}: (.*?)\r?$", self.head)
        return str(value)


def exchange(server: Server, *requests: bytes) -> list[Raw]:
    """Send requests one after the other on one connection, and return all responses."""
    address = urlsplit(server.url)
    assert address.hostname is not None
    answers = []
    with socket.create_connection((address.hostname, address.port or 0), timeout=PATIENCE_S) as connection:
        file = connection.makefile("rb")
        for request in requests:
            connection.sendall(request)
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = file.readline()
                assert line, head
                head += line
            answer = Raw(head.decode("latin-1"), b"")
            has_body = not request.startswith(b"HEAD") and answer.status not in {204, 304}
            answers.append(Raw(answer.head, file.read(int(answer.header("Content-Length"))) if has_body else b""))
        connection.shutdown(socket.SHUT_WR)
        assert file.read() == b"", "nothing comes that wasn't asked for"
    return answers


def ask(server: Server, line: str, *headers: str, body: bytes = b"") -> bytes:
    sent = [line, f"Authorization: Bearer {server.token}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*sent, "", ""]).encode("latin-1") + body


def upload(server: Server, filename: bytes, *headers: str, version: str = "1.1") -> Raw:
    body = a_form(a_part("file", PICTURE, filename="NAME")).replace(b"NAME", filename)
    request = ask(
        server, f"POST /api/images/upload HTTP/{version}", f"Content-Type: {CONTENT_TYPE}", *headers, body=body
    )
    return exchange(server, request)[0]


def test_the_printed_address_is_the_one_that_it_listens_on(server: Server) -> None:
    assert server.url.startswith("http://127.0.0.2:")
    assert f"Sign in: {server.url}/#token=" in server.greeting
    (line,) = re.findall(r"^\s*(curl .*)$", server.greeting, re.MULTILINE)
    sent = subprocess.run(["bash", "-c", f"{line} -sS"], capture_output=True, check=True, timeout=PATIENCE_S)
    assert json.loads(sent.stdout)["image"]["url"].startswith(f"{server.url}/files/")
    assert server.ask("GET", f"{server.url}/").status == 200


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_an_address_of_ipv6_is_printed_in_brackets_and_works(tmp_path: Path) -> None:
    settings = {"SPIKE_SERVE_WORKS": "no", "SPIKE_SANDBOX": "off"}
    with serving_on(0, tmp_path / "var", settings, host="::") as server:
        assert server.url.startswith("http://[::1]:")
        (line,) = re.findall(r"^\s*(curl .*)$", server.greeting, re.MULTILINE)
        sent = subprocess.run(["bash", "-c", f"{line} -sS"], capture_output=True, check=True, timeout=PATIENCE_S)
        assert json.loads(sent.stdout)["image"]["url"].startswith(f"{server.url}/files/")
        (without_host,) = exchange(server, ask(server, "GET /api/images HTTP/1.0"))
        assert json.loads(without_host.rest)["images"][0]["originalUrl"].startswith(f"{server.url}/files/")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://localhost:3000"),
        ("127.0.0.2", "http://127.0.0.2:3000"),
        ("192.168.1.7", "http://192.168.1.7:3000"),
        ("0.0.0.0", "http://localhost:3000"),  # printed, not bound
        ("*", "http://localhost:3000"),
        ("localhost", "http://localhost:3000"),
        ("box.lan", "http://box.lan:3000"),
        ("::", "http://[::1]:3000"),
        ("::1", "http://[::1]:3000"),
        ("[::1]", "http://[::1]:3000"),
        ("2001:DB8::7", "http://[2001:db8::7]:3000"),
        ("fe80::1%eth0", "http://[fe80::1%25eth0]:3000"),
    ],
)
def test_each_address_is_printed_as_a_browser_takes_it(host: str, expected: str) -> None:
    assert local_url(host, 3000) == expected


@pytest.mark.parametrize("host", ["", "not a host"])
def test_an_address_that_is_none_is_told_in_one_line(tmp_path: Path, host: str) -> None:
    answer = run_spike("serve", "--host", host, "--port", "0", folder=tmp_path / "var", SPIKE_SERVE_WORKS="no")
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    assert f"can't listen on {host}:0" in answer.stderr


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_without_a_host_links_lead_to_the_address_that_was_asked(server: Server, version: str) -> None:
    answer = upload(server, b"photo.jpg", version=version)
    url = json.loads(answer.rest)["image"]["url"]
    assert url.startswith(f"{server.url}/files/")
    assert server.ask("GET", url).content == PICTURE
    for path in ("/", "/docs", "/api/session", "/openapi.json"):
        (shown,) = exchange(server, ask(server, f"GET {path} HTTP/{version}"))
        assert shown.status == 200
        assert b"None" not in shown.rest[:200]
        assert "waitress" not in shown.head.lower()


@pytest.mark.parametrize("host", ["evil/path", "a b", "a;b", '"', "\xff"])
def test_a_host_that_is_none_is_in_no_link(server: Server, host: str) -> None:
    answer = upload(server, b"photo.jpg", f"Host: {host}")
    assert json.loads(answer.rest)["image"]["url"].startswith(f"{server.url}/files/")


def test_two_hosts_are_none(server: Server) -> None:
    answer = upload(server, b"photo.jpg", "Host: a.example", "Host: evil.example")
    assert json.loads(answer.rest)["image"]["url"].startswith(f"{server.url}/files/")


def test_a_trusted_proxy_says_how_the_service_is_reached(server: Server) -> None:
    headers = ("Host: app", "X-Forwarded-Host: spike.example", "X-Forwarded-Proto: https")
    answer = upload(server, b"photo.jpg", *headers)
    assert json.loads(answer.rest)["image"]["url"].startswith("https://spike.example/files/")


def test_head_sends_no_byte_of_a_body_and_keeps_the_connection(server: Server) -> None:
    url = urlsplit(json.loads(upload(server, b"photo.jpg", "Host: x").rest)["image"]["url"])
    paths = [
        f"{url.path}?{url.query}",
        "/",
        "/docs",
        "/openapi.json",
        "/metrics",
        "/readyz",
        "/nowhere",
        "/api/images/x/",
    ]
    requests = [
        ask(server, f"{method} {path} HTTP/1.1", "Host: x") for path in paths for method in ("HEAD", "GET", "HEAD")
    ]
    answers = exchange(server, *requests)
    for path, head, get, again in zip(paths, answers[::3], answers[1::3], answers[2::3], strict=True):
        assert (head.status, again.status) == (get.status, get.status), path
        if path != "/metrics":  # which counts these very requests
            assert head.header("Content-Length") == get.header("Content-Length") == str(len(get.rest)), path
        assert head.header("Content-Type") == get.header("Content-Type"), path


def test_latin_1_in_a_file_name_is_a_label(server: Server) -> None:
    answer = upload(server, b"caf\xe9.jpg", "Host: x")
    assert json.loads(answer.rest)["image"]["name"] == "café.jpg"


def test_curl_asks_by_head(server: Server) -> None:
    shown = subprocess.run(
        ["curl", "-sSI", f"{server.url}/healthz/"], capture_output=True, check=True, timeout=PATIENCE_S, text=True
    )
    assert shown.stdout.startswith("HTTP/1.1 200 OK")
