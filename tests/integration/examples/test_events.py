"""The subscribers of docs/howto/events.md, against a real SMTP server and a real index, each effect exactly once."""

import io
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from documents import PROJECT, blocks
from eventually import eventually
from pictures import encoded, photograph
from services import Services
from spike_core.domain.accounts import Email
from spike_core.domain.event_deliveries import SubscriberName
from spike_core.domain.images import ImageName
from spike_runtime import Settings, build
from spike_worker import working

PAGE: Final = PROJECT / "docs/howto/events.md"


def example(name: str) -> Any:
    """Return the class of this name from the page."""
    for block in blocks(PAGE):
        if block.language == "python" and f"class {name}" in block.text:
            defined: dict[str, Any] = {}
            exec(compile(block.text, str(PAGE), "exec"), defined)  # noqa: S102  # the documentation's own code
            return defined[name]
    raise AssertionError(name)


class MailServer(socketserver.ThreadingTCPServer):
    """A server that speaks enough SMTP (RFC 5321) for smtplib, and may refuse messages."""

    daemon_threads = True
    refuses = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: list[str] = []


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = self.server
        assert isinstance(server, MailServer)
        self.wfile.write(b"220 ready\r\n")
        while command := self.rfile.readline():
            match command[:4].upper():
                case b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = iter(self.rfile.readline, b".\r\n")
                    server.mails.append(b"".join(lines).decode())
                    self.wfile.write(b"250 stored\r\n")
                case b"MAIL" if server.refuses:
                    self.wfile.write(b"451 later\r\n")
                case b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                case _:
                    self.wfile.write(b"250 ok\r\n")


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_mail_is_sent_on_completion_and_the_index_follows_the_images(tmp_path: Path, mail_server: MailServer) -> None:
    mails = example("MailOnCompletion")(
        mail_server.server_address, str(tmp_path / "mails.db"), lambda _owner: "ada@example.org"
    )
    index = example("SearchIndex")(str(tmp_path / "index.db"))
    settings = Settings(data_dir=tmp_path / "data", sandbox="off", upscaler="classical", relay_interval_s=0.02)
    spike = build(settings, subscribers=[mails, index])
    handled: list[Any] = []
    for subscriber in (mails, index):
        subscriber.handle = _twice(subscriber.handle, handled)
    try:
        spike.database.migrate()
        owner_id = spike.accounts.registration.register(Email("ada@example.org")).user.id
        with working(spike):
            image = spike.images.uploads.upload(
                owner_id, name=ImageName("mountain lake.jpg"), content=io.BytesIO(encoded(photograph(size=(64, 48))))
            ).image
            eventually("a mail", lambda: mail_server.mails)
            eventually("no event waits", lambda: not any(each.waiting for each in spike.events.backlogs()))
            assert index.search(owner_id.text, "lake") == [image.id.text]
            spike.images.deletion.remove(owner_id, image.id)
            eventually("the picture is gone", lambda: index.search(owner_id.text, "lake") == [])
            eventually("no event waits", lambda: not any(each.waiting for each in spike.events.backlogs()))
    finally:
        spike.close()
    [mail] = mail_server.mails
    assert "Your picture is ready" in mail
    assert "1024 x 768 pixels" in mail
    assert len(handled) == 3


def _twice(handle: Any, handled: list[Any]) -> Any:
    """Return a function that handles each event twice, as after a crash."""

    def repeated(event: Any) -> None:
        handle(event)
        handle(event)
        handled.append(event)

    return repeated


def test_a_mail_that_is_refused_is_sent_later_and_once(tmp_path: Path, mail_server: MailServer) -> None:
    """Without workers: what matters here is what `deliver` does with the failure."""
    mails = example("MailOnCompletion")(mail_server.server_address, str(tmp_path / "mails.db"), str)
    services = Services.build(subscribers=[mails])
    services.accept(services.owner())
    services.work()
    name, mail_server.refuses = SubscriberName("mail-on-completion"), True
    assert services.events.deliver(name).failed == 1
    mail_server.refuses = False
    services.pass_time(services.events.limits.delay_min)
    assert services.events.deliver(name).handled == 1
    assert len(mail_server.mails) == 1
