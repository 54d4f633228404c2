"""`spike enhance --server`: the quote before anything is sent, one payment, and a key that only the server sees."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from click.testing import CliRunner

from caller import PICTURE
from memory_spike import MemorySpike
from spike_cli.enhance import enhance
from spike_cli.remote import RemoteRefusal, RemoteServer, connected
from spike_core.domain.objects import PictureFormat
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.domain.tiers import Tier
from spike_core.services.accounts import Registered
from spike_http import create_app


class Worker:
    """Works whenever the client reports progress, thus between two polls."""

    def __init__(self, services: MemorySpike) -> None:
        self._services = services

    def report(self, _done: float) -> None:
        self._services.work()


@pytest.fixture(scope="module")
def services() -> MemorySpike:
    return MemorySpike.build()


@pytest.fixture(scope="module")
def app(services: MemorySpike) -> object:
    closing = threading.Event()
    closing.set()  # long polls are answered at once
    return create_app(services.spike, closing=closing)


@contextmanager
def server(app: object, user: Registered, *, seen: list[httpx2.Request] | None = None) -> Iterator[RemoteServer]:
    transport = httpx2.WSGITransport(app=app)  # type: ignore[arg-type]  # Falcon's is one
    headers = {"Authorization": f"Bearer {user.api_key.text}", "Accept-Encoding": "identity"}
    hooks = {"request": [seen.append] if seen is not None else []}
    with (
        httpx2.Client(transport=transport, base_url="http://localhost", headers=headers) as client,
        httpx2.Client(transport=transport, event_hooks=hooks) as downloads,
    ):
        yield RemoteServer(client=client, downloads=downloads)


def test_a_picture_is_quoted_enhanced_and_paid_once(
    services: MemorySpike, app: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spike_cli.remote.PAUSE_S", 0.0)
    user, seen = services.register(), list[httpx2.Request]()
    options = RenderOptions(format=PictureFormat.WEBP, quality=80)
    with server(app, user, seen=seen) as remote:
        assert str(remote.quoted(PICTURE, Tier.TIER_2K, options=options)) == "5 of 100 tokens"
        results = [
            remote.enhanced("cat.jpg", PICTURE, Tier.TIER_2K, options=options, monitor=Worker(services))
            for _ in range(2)  # the command is repeated
        ]
        assert [(result.format, str(result.dimensions)) for result in results] == [
            (PictureFormat.WEBP, "2048x1152")
        ] * 2
        assert remote.quoted(PICTURE, Tier.FREE, options=DEFAULT_OPTIONS).balance == 95
    assert len(seen) == 2
    assert not any("authorization" in request.headers for request in seen)


def test_what_the_server_refuses_is_told_in_its_words(services: MemorySpike, app: object) -> None:
    poor = services.register("poor@example.org", tokens=3)
    with server(app, poor) as remote:
        with pytest.raises(RemoteRefusal, match="You need 10 tokens to upload and enhance this image"):
            remote.quoted(PICTURE, Tier.TIER_4K, options=DEFAULT_OPTIONS)
        with pytest.raises(RemoteRefusal, match="tier must be one of"):
            remote.quoted(PICTURE, Tier("TIER_9K"), options=DEFAULT_OPTIONS)
    with connected("http://127.0.0.1:9", api_key="x") as remote, pytest.raises(RemoteRefusal, match="can't be reached"):
        remote.quoted(PICTURE, Tier.FREE, options=DEFAULT_OPTIONS)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--server", "http://localhost"], "needs an API key"),
        (["--server", "localhost", "--api-key", "x"], "must be an http or https URL"),
        (["--server", "http://localhost", "--api-key", "x", "--compare"], "not --server"),
        (["--server", "http://localhost", "--api-key", "x", "--tier", "2 K"], "--tier"),
    ],
)
def test_options_that_dont_fit_together_are_a_usage_error(arguments: list[str], complaint: str) -> None:
    ended = CliRunner().invoke(enhance, ["cat.jpg", *arguments], env={"SPIKE_API_KEY": ""})
    assert (ended.exit_code, complaint in ended.output) == (2, True), ended.output
