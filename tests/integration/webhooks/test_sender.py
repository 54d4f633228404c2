"""Webhooks to real local receivers, some of them hostile; verified by the library of Standard Webhooks."""

import ipaddress
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from attrs import evolve
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from eventually import eventually
from spike_contracts.event_builders import one_event_of_each_kind
from spike_contracts.webhooks import WebhookSenderContract, a_message
from spike_core.domain.errors import UnsafeWebhookUrl
from spike_core.domain.events import TokensMoved
from spike_core.domain.images import ImageName
from spike_core.domain.secrets import Secret
from spike_core.domain.tokens import Tokens
from spike_core.domain.webhooks import WEBHOOKS, AttemptResult, WebhookSecret, WebhookState
from spike_memory import build_in_memory
from spike_webhooks import HttpWebhookSender
from spike_webhooks.payloads import PAYLOAD_BYTES_MAX, payload
from spike_webhooks.sender import CHECKS_MAX
from spike_worker.webhooks import sending_webhooks

LOOPBACK = ipaddress.ip_network("127.0.0.1/32")


class Receiver:
    """A local server that keeps what it is sent, and answers with the status in the path."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.held = threading.Event()  # until it is set, `/hold` gets no answer
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # http.server's
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.received.append((dict(self.headers), body))
                if self.path == "/hold":
                    receiver.held.wait(20)
                self.send_response(200 if self.path == "/hold" else int(self.path[1:]))
                self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()
                self.wfile.write(b"x" * 4096)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}{path}"


@pytest.fixture(scope="module")
def local() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.held.set()
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def webhook_sender() -> HttpWebhookSender:
    return HttpWebhookSender(base_url="https://spike.example.org/app/", allow=[LOOPBACK])


@pytest.fixture
def receiver(local: Receiver) -> Callable[[int | None], str]:
    def answering(status: int | None) -> str:
        if status is not None:
            return local.url(f"/{status}")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return f"http://127.0.0.1:{free.getsockname()[1]}/"

    return answering


class TestHttpWebhookSender(WebhookSenderContract):
    """Its fixtures are above."""


def test_both_secrets_verify_what_is_received_and_no_other(local: Receiver, webhook_sender: HttpWebhookSender) -> None:
    secrets = tuple(WebhookSecret.of(Secret(letter * 43)) for letter in "abc")
    message = evolve(a_message(local.url("/204")), secrets=secrets[:2], sent_at=datetime.now(UTC))
    assert webhook_sender.send(message).result is AttemptResult.ACCEPTED
    headers, body = local.received[-1]
    headers = {name.lower(): value for name, value in headers.items()}
    assert headers["webhook-id"] == message.event.id.text
    assert headers["content-type"] == "application/json"
    for secret in secrets[:2]:
        verified: Any = Verifier(secret.text).verify(body, headers)
        assert verified["type"] == "webhook.test"
    with pytest.raises(WebhookVerificationError):
        Verifier(secrets[2].text).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(secrets[0].text).verify(body + b" ", headers)


@pytest.mark.parametrize("event", one_event_of_each_kind(), ids=lambda event: type(event).__name__)
def test_a_body_is_small_and_has_links_and_no_keys_of_the_store(event: Any) -> None:
    if hasattr(event, "name"):
        event = evolve(event, name=ImageName("é🦊".ljust(255, "\x7f")))
    if hasattr(event, "reason"):
        event = evolve(event, reason="\x00\ud800" * 9_000)
    body = payload(event, base_url="https://spike.example.org/app/")
    assert len(body) < PAYLOAD_BYTES_MAX
    read = json.loads(body)
    assert read["type"] == event.event_type
    links = read["data"]["links"]
    if getattr(event, "job_id", None):
        assert links["job"] == f"https://spike.example.org/app/api/jobs/{event.job_id}"
    if getattr(event, "image_id", None):
        assert links["image"] == f"https://spike.example.org/app/api/images/{event.image_id}"
    assert not {"result", "original", "ownerId"} & read["data"].keys()


@contextmanager
def served(answer: bytes, *, every_s: float = 0.0) -> Iterator[str]:
    """Serve connections with bytes that have little to do with HTTP; then one by one, if `every_s` isn't 0."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                for _ in range(1000):
                    try:
                        connection.sendall(answer)
                    except OSError:
                        return
                    if not every_s:
                        connection.shutdown(socket.SHUT_WR)
                        while connection.recv(65536):  # all of the request, for else the end would be a reset
                            pass
                        return
                    time.sleep(every_s)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join(5)


@pytest.mark.parametrize(
    ("answer", "every_s", "detail"),
    [(b"hello\r\n\r\n", 0.0, "the answer isn't HTTP"), (b"H", 0.05, "time-out"), (b"", 0.0, "the answer isn't HTTP")],
)
def test_a_receiver_that_speaks_no_http_or_never_ends_is_a_failure(answer: bytes, every_s: float, detail: str) -> None:
    sender = HttpWebhookSender(allow=[LOOPBACK], deadline_s=0.4)
    with served(answer, every_s=every_s) as url:
        attempt = sender.send(a_message(url))
    assert (attempt.result, attempt.status, attempt.detail) == (AttemptResult.FAILED, None, detail)
    assert attempt.took < timedelta(seconds=20)


def test_what_is_wrong_with_tls_is_told_from_no_connection() -> None:
    with served(b"hello\r\n\r\n", every_s=0.001) as url:
        attempt = HttpWebhookSender(allow=[LOOPBACK]).send(a_message(url.replace("http:", "https:")))
    assert attempt.detail.startswith("no TLS connection")


def test_an_endless_body_is_not_read() -> None:
    with served(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000, every_s=0.001) as url:
        attempt = HttpWebhookSender(allow=[LOOPBACK]).send(a_message(url))
    assert (attempt.status, attempt.took < timedelta(seconds=20)) == (200, True)


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        ("429 X\r\nRetry-After: 120", 120),
        ("503 X\r\nretry-after:  Thu, 01 Jan 2026 12:01:00 GMT", 60),
        ("429 X\r\nRetry-After: 99999999999999", 3600),
        ("429 X\r\nRetry-After: Thu, 01 Jan 2026 11:00:00 GMT", 0),
        ("429 X\r\nRetry-After: -1", 0),
        ("429 X\r\nRetry-After: Thu, 99 Jan 2026 11:00:00 +9999", 0),
        (f"429 X\r\nRetry-After: Thu, 01 Jan {'9' * 30} 11:00:00 GMT", 0),
        ("429 X\r\nRetry-After: soon", 0),
        ("500 X\r\nRetry-After: 120", 0),
    ],
)
def test_a_receiver_that_is_busy_says_how_long_to_leave_it_alone(answer: str, seconds: int) -> None:
    with served(f"HTTP/1.1 {answer}\r\n\r\n".encode()) as url:
        attempt = HttpWebhookSender(allow=[LOOPBACK]).send(a_message(url))
    assert attempt.status == int(answer[:3])
    assert (attempt.result, attempt.retry_after) == (AttemptResult.FAILED, timedelta(seconds=seconds))


def test_certificates_are_read_once_and_by_none_that_sends_without_tls() -> None:
    sender = HttpWebhookSender()
    assert sender._tls.of("http://example.org/") is None
    assert sender._tls.of("https://example.org/") is sender._tls.of("https://example.com/")


def test_names_that_never_resolve_hold_up_no_attempt_when_they_are_checked(local: Receiver) -> None:
    """Each keeps a thread for as long as the system's resolver takes, whatever the deadline."""
    ended = threading.Event()

    def resolve(host: str, _port: int) -> list[ipaddress.IPv4Address]:
        assert host == "127.0.0.1" or ended.wait(20)
        return [ipaddress.IPv4Address("127.0.0.1")]

    sender = HttpWebhookSender(allow=[LOOPBACK], resolve=resolve, deadline_s=1.0)

    def check(_number: int) -> None:
        with pytest.raises(UnsafeWebhookUrl):
            sender.check("https://hangs.example.org/")

    with ThreadPoolExecutor(2 * CHECKS_MAX) as pool:
        list(pool.map(check, range(2 * CHECKS_MAX)))
    try:
        assert sender.send(a_message(local.url("/200"))).status == 200
        assert sender.send(a_message("https://hangs.example.org/")).detail == "time-out"
    finally:
        ended.set()


def test_a_name_that_leads_to_a_private_address_later_is_refused_at_the_attempt() -> None:
    addresses = ["93.184.215.14", "10.0.0.1"]
    sender = HttpWebhookSender(resolve=lambda _host, _port: [ipaddress.ip_address(addresses[0])])
    url = "https://app.example.org/hook"
    sender.check(url)
    del addresses[0]
    with pytest.raises(UnsafeWebhookUrl):
        sender.check(url)
    assert sender.send(a_message(url)).detail == "the address isn't allowed"
    for wrong in (
        "https://app.example.org:8443/",
        "https://u:p@app.example.org/",
        "https://äpp.example.org/",
        "https:///",
    ):
        with pytest.raises(UnsafeWebhookUrl):
            evolve(sender, resolve=lambda _host, _port: [ipaddress.ip_address("93.184.215.14")]).check(wrong)


def test_a_receiver_that_holds_its_answer_delays_no_other_webhook(
    local: Receiver, webhook_sender: HttpWebhookSender
) -> None:
    """The owner of both gets the second one's events meanwhile."""
    spike = build_in_memory(webhook_sender=webhook_sender)
    owner_id, endpoints, moved = spike.owner(), spike.webhooks.endpoints, frozenset({TokensMoved.event_type})
    slow = endpoints.create(owner_id, url=local.url("/hold"), event_types=moved)
    quick = endpoints.create(owner_id, url=local.url("/200"), event_types=moved)
    before = len(local.received)

    def states(webhook_id: Any) -> list[WebhookState]:
        return [each.state for each in endpoints.deliveries(owner_id, webhook_id, limit=9).deliveries]

    with sending_webhooks(spike.webhooks.sending, every_s=0.01):
        for _ in range(3):
            spike.wallets.grant(owner_id, Tokens(1))
            spike.events.deliver(WEBHOOKS)
        eventually("four requests", lambda: len(local.received) >= before + 4)
        eventually("three deliveries", lambda: states(quick.id) == [WebhookState.DELIVERED] * 3)
        assert states(slow.id) == [WebhookState.PENDING] * 3
        local.held.set()
        eventually("the held deliveries", lambda: states(slow.id) == [WebhookState.DELIVERED] * 3)
