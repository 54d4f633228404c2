"""A server that is killed while its webhook is being received: the next one sends it again, and loses none."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any, Final

from standardwebhooks import Webhook

from effort import long
from multipart import CONTENT_TYPE, an_upload
from pictures import encoded, photograph
from running import Server, serving

LOOPBACK: Final = "127.0.0.0/8"
CLAIM_S: Final = 60  # of the killed process
PATIENCE_S: Final = 60

Received = SimpleQueue[tuple[dict[str, str], bytes]]


@contextmanager
def receiving(received: Received, answered: Event) -> Iterator[str]:
    """Receive requests, and answer none before the event is set."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # http.server's
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.put(({name.lower(): value for name, value in self.headers.items()}, body))
            answered.wait(CLAIM_S + PATIENCE_S)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as receiver:
        thread = Thread(target=receiver.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{receiver.server_address[1]}/hook"
        finally:
            receiver.shutdown()
            thread.join()


def post(server: Server, path: str, body: object, *, token: str) -> Any:
    content = json.dumps(body).encode()
    answer = server.ask("POST", path, token=token, body=content, content_type="application/json")
    assert answer.status in {200, 201}, answer.content
    return answer.json


@long(
    kept_by="tests/unit/services/test_webhooks.py::test_a_webhook_is_delivered_after_its_receiver_was_down_for_an_hour"
)
def test_a_server_killed_while_it_sends_loses_no_webhook(tmp_path: Path) -> None:
    received: Received = SimpleQueue()
    answered = Event()
    folder = tmp_path / "var"
    with receiving(received, answered) as url:
        with serving(folder, SPIKE_WEBHOOK_ALLOW=LOOPBACK) as server:
            token = server.token
            created = post(server, "/api/settings/webhooks", {"url": url, "events": ["image.uploaded"]}, token=token)
            body = an_upload(encoded(photograph(size=(64, 64))))
            assert server.ask("POST", "/api/images/upload", token=token, body=body, content_type=CONTENT_TYPE).json
            first, _ = received.get(timeout=PATIENCE_S)
            server.kill()
        answered.set()
        with serving(folder, SPIKE_WEBHOOK_ALLOW=LOOPBACK) as server:
            again, content = received.get(timeout=CLAIM_S + PATIENCE_S)
            path = f"/api/settings/webhooks/{created['webhook']['id']}/deliveries"
            [delivery] = server.ask("GET", path, token=token).json["deliveries"]
    assert again["webhook-id"] == first["webhook-id"]
    assert Webhook(created["secret"]).verify(content, again)["type"] == "image.uploaded"
    assert delivery["type"] == "image.uploaded"
