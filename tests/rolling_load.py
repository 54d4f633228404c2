"""Two servers that are restarted one after the other, under load."""

import http.client
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final

from attrs import define, field

from eventually import eventually
from multipart import CONTENT_TYPE, an_upload
from pictures import encoded, photograph
from running import PATIENCE_S, Answer, Server, serving_on
from servers.processes import free_port

PHOTO: Final = an_upload(encoded(photograph(size=(320, 40))))
CLIENTS: Final = 6
ROUNDS: Final = 2
UPLOADS_BETWEEN: Final = 20  # between two restarts


@define
class Pair:
    """Two servers over one database, object store and queue, each on a port of its own."""

    folder: Path
    settings: Mapping[str, str]
    ports: tuple[int, int] = field(factory=lambda: (free_port(), free_port()))
    servers: list[Server] = field(factory=list)
    _stacks: list[ExitStack] = field(factory=list)

    def start(self) -> None:
        for port in self.ports:
            self._stacks.append(ExitStack())
            self.servers.append(self._stacks[-1].enter_context(serving_on(port, self.folder, self.settings)))

    def restart(self, number: int) -> None:
        """Stop one with SIGTERM, and start it again."""
        assert self.servers[number].stop() == 0
        self._stacks[number].close()
        self.servers[number] = self._stacks[number].enter_context(
            serving_on(self.ports[number], self.folder, self.settings)
        )

    def close(self) -> None:
        for stack in self._stacks:
            stack.close()


@define
class Client:
    """Uploads on a keep-alive connection. Only a refused connection is retried, with the other server."""

    ports: Sequence[int]
    token: str
    _connection: http.client.HTTPConnection | None = None
    _turn: int = 0

    def upload(self) -> Answer:
        """Upload a photograph and return the response; errors are raised, since the request is lost."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": CONTENT_TYPE}
        for _ in self.ports:
            connection = self._connection or self._elsewhere()
            try:
                connection.request("POST", "/api/images/upload", body=PHOTO, headers=headers)
            except ConnectionRefusedError:
                self.close()
                continue
            with connection.getresponse() as answer:
                return Answer(answer.status, dict(answer.getheaders()), answer.read())
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
    """Clients that upload until the context ends."""

    ports: Sequence[int]
    token: str
    clients: int = CLIENTS
    pause_s: float = 0.0  # of each client between two uploads, so that workers can keep up
    answers: list[Answer] = field(factory=list)
    _ended: threading.Event = field(factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Upload in several threads; their errors are raised at the end."""
        with ThreadPoolExecutor(self.clients) as pool:
            clients = [pool.submit(self._upload_until_the_end) for _ in range(self.clients)]
            try:
                yield
            finally:
                self._ended.set()
        for client in clients:
            client.result()

    def go_on(self, uploads: int = UPLOADS_BETWEEN) -> None:
        """Wait until this many further uploads have been answered."""
        enough = len(self.answers) + uploads
        eventually("the load goes on", lambda: len(self.answers) >= enough)

    def _upload_until_the_end(self) -> None:
        with closing(Client(self.ports, self.token)) as client:
            while not self._ended.is_set():
                self.answers.append(client.upload())
                self._ended.wait(self.pause_s)
