"""Two servers, restarted one after the other under load: no request is lost, and none is charged without its image."""

import http.client
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final

import pytest
from attrs import define, field

from eventually import eventually
from fleet import IMPATIENT, check_audit
from multipart import CONTENT_TYPE, an_upload
from pictures import encoded, photograph
from running import PATIENCE_S, Server, serving_on
from servers.nginx import nginx_before
from servers.processes import free_port

PHOTO: Final = an_upload(encoded(photograph("chelsea.png")))
GRANT: Final = 100_000
PRICE: Final = 2
CLIENTS: Final = 6
ROUNDS: Final = 2
UPLOADS_BETWEEN: Final = 20  # answered between two restarts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def settings(redis_url: str, postgres_url: str) -> dict[str, str]:
    return {
        **IMPATIENT,
        "SPIKE_BROKER_URL": redis_url,
        "SPIKE_RATE_LIMIT_URL": redis_url,
        "SPIKE_DATABASE_URL": postgres_url,
        "SPIKE_OPENING_GRANT": str(GRANT),
    }


@define
class Pair:
    """Two servers over one database, object store and queue, each on a port of its own."""

    folder: Path
    settings: dict[str, str]
    ports: tuple[int, int] = field(factory=lambda: (free_port(), free_port()))
    servers: list[Server] = field(factory=list)
    _stacks: list[ExitStack] = field(factory=list)

    def start(self) -> None:
        for port in self.ports:
            self._stacks.append(ExitStack())
            self.servers.append(self._stacks[-1].enter_context(serving_on(port, self.folder, self.settings)))

    def restart(self, number: int) -> None:
        """End one as an operator does, and start it anew."""
        assert self.servers[number].stop() == 0
        self._stacks[number].close()
        self.servers[number] = self._stacks[number].enter_context(
            serving_on(self.ports[number], self.folder, self.settings)
        )

    def close(self) -> None:
        for stack in self._stacks:
            stack.close()


@pytest.fixture
def pair(folder: Path, settings: dict[str, str]) -> Iterator[Pair]:
    pair = Pair(folder, settings)
    with closing(pair):
        pair.start()
        yield pair


@define
class Client:
    """Uploads on a connection that it keeps alive. Only a refused connection is tried again, elsewhere."""

    ports: Sequence[int]
    token: str
    _connection: http.client.HTTPConnection | None = None
    _turn: int = 0

    def upload(self) -> int:
        """Upload a photograph and return the status; whatever goes wrong is raised, for the request is lost."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": CONTENT_TYPE}
        for _ in self.ports:
            connection = self._connection or self._elsewhere()
            try:
                connection.request("POST", "/api/images/upload", body=PHOTO, headers=headers)
            except ConnectionRefusedError:
                self.close()
                continue
            with connection.getresponse() as answer:
                answer.read()
                return answer.status
        raise AssertionError("all refuse")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _elsewhere(self) -> http.client.HTTPConnection:
        self._turn += 1
        port = self.ports[self._turn % len(self.ports)]
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        return self._connection


@define
class Load:
    """Clients that upload until they are told to end."""

    ports: Sequence[int]
    token: str
    statuses: list[int] = field(factory=list)
    _ended: threading.Event = field(factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Upload in `CLIENTS` threads; whatever goes wrong with one of them is raised at the end."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            clients = [pool.submit(self._upload_until_the_end) for _ in range(CLIENTS)]
            try:
                yield
            finally:
                self._ended.set()
        for client in clients:
            client.result()

    def go_on(self) -> None:
        """Wait until some more have been answered."""
        enough = len(self.statuses) + UPLOADS_BETWEEN
        eventually("the load goes on", lambda: len(self.statuses) >= enough)

    def _upload_until_the_end(self) -> None:
        with closing(Client(self.ports, self.token)) as client:
            while not self._ended.is_set():
                self.statuses.append(client.upload())


def restarted_under(load: Load, pair: Pair) -> None:
    """Restart both servers in turns, twice, while the load goes on."""
    with load.running():
        for _ in range(ROUNDS):
            for number in (0, 1):
                load.go_on()
                pair.restart(number)
        load.go_on()


def check_books(pair: Pair, load: Load) -> None:
    """Assert that every upload succeeded, and that as many were charged; and that every invariant holds."""
    assert set(load.statuses) == {200}
    answer = pair.servers[0].ask("GET", "/api/tokens/balance", token=load.token)
    assert GRANT - answer.json["balance"] == PRICE * len(load.statuses)
    check_audit(pair.folder, **pair.settings)


def test_a_client_that_goes_elsewhere_when_it_is_refused_loses_no_request(pair: Pair) -> None:
    load = Load(pair.ports, pair.servers[0].token)
    restarted_under(load, pair)
    check_books(pair, load)


def test_behind_nginx_no_request_is_lost(pair: Pair) -> None:
    """The client asks nginx alone, with the configuration of `deploy/`, and repeats nothing."""
    with nginx_before(*pair.ports) as port:
        load = Load([port], pair.servers[0].token)
        restarted_under(load, pair)
        check_books(pair, load)
