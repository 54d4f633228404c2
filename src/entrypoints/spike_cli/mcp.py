"""`spike mcp`: the Model Context Protocol over standard input and output, for programs that start their servers."""

import io
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from http import HTTPStatus
from typing import Any, BinaryIO, Final

import click
import httpx2
from attrs import frozen
from waitress.server import create_server

from spike_cli.banner import FIRST_EMAIL, first_user
from spike_cli.enhance import check_server
from spike_cli.opening import check_storage, opened
from spike_cli.owners import found_owner
from spike_cli.remote import TIMEOUT_S
from spike_cli.signals import terminate_like_ctrl_c
from spike_core.domain.errors import UserNotFound
from spike_core.domain.identifiers import OwnerId
from spike_core.ports.authenticator import Identity, IncomingRequest
from spike_http import create_app
from spike_mcp import forward
from spike_runtime import Spike
from spike_runtime.settings import API_KEY_VARIABLE
from spike_worker import housekeeping, working

_HOST: Final = "127.0.0.1"
_FILE_THREADS: Final = 2


@click.command()
@click.option("--server", metavar="URL", help="The server to use. Without it, Spike runs in this process.")
@click.option("--api-key", metavar="KEY", envvar=API_KEY_VARIABLE, help="For --server. Default: SPIKE_API_KEY.")
@click.option("--user", metavar="EMAIL", help="Without --server: the user whose tokens and images they are.")
def mcp(server: str | None, api_key: str | None, user: str | None) -> None:
    """Offer Spike's operations as tools to a program for language models (MCP), over standard input and output.

    Ends when the input does.
    """
    lines = sys.stdin.buffer
    key = f"stdio-{os.getpid()}-{time.monotonic_ns()}"  # no other process of this machine has it
    with terminate_like_ctrl_c(), ExitStack() as stack:
        output = stack.enter_context(_replies())
        if server is not None:
            if user is not None:
                raise click.UsageError("--user is for Spike in this process, so not for --server")
            check_server(server, api_key=api_key)
            client = httpx2.Client(base_url=server, headers={"Authorization": f"Bearer {api_key}"}, timeout=TIMEOUT_S)
            stack.enter_context(client)
            forward(lines, output, lambda line, headers: _sent(client, line, headers), key=key)
            return
        spike = stack.enter_context(opened(log_level="ERROR"))
        check_storage(spike)
        stack.enter_context(working(spike) if spike.serves_and_works else housekeeping(spike))
        app = create_app(spike, authenticator=_Always(_owner(spike, user)))
        port = stack.enter_context(_files_served(spike))
        forward(lines, output, _Local(app=app, port=port).post, key=key)


@contextmanager
def _replies() -> Iterator[BinaryIO]:
    """Yield standard output for replies alone: what anything else in this process prints goes to standard error."""
    sys.stdout.flush()
    replies = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    output = os.fdopen(replies, "wb")
    try:
        yield output
    finally:
        with suppress(OSError):  # what is left has no reader
            output.close()


@frozen
class _Always:
    """Authenticates the user of this process; its application is reached through standard input alone."""

    owner_id: OwnerId

    def authenticate(self, _request: IncomingRequest) -> Identity:
        """Return the user."""
        return Identity(owner_id=self.owner_id)


@frozen(kw_only=True)
class _Local:
    """Requests to the application in this process. Links lead to the port where its files are served."""

    app: Callable[[dict[str, Any], Any], Iterable[bytes]]
    port: int

    def post(self, line: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Send a message to `/mcp`; see PEP 3333."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/mcp",
            "QUERY_STRING": "",
            "SERVER_NAME": _HOST,
            "SERVER_PORT": str(self.port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": _HOST,
            "HTTP_HOST": f"{_HOST}:{self.port}",
            "HTTP_AUTHORIZATION": "Bearer local",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(line)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(line),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
        }
        statuses: list[str] = []
        content = b"".join(self.app(environ, lambda status, _headers, _info=None: statuses.append(status)))
        return int(statuses[0].split(" ", 1)[0]), content


def _sent(client: httpx2.Client, line: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Send a message to a server; one that can't be reached is like one that answers 502."""
    media = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    try:
        response = client.post("/mcp", content=line, headers={**media, **headers})
    except httpx2.HTTPError as error:
        return HTTPStatus.BAD_GATEWAY, json.dumps({"error": f"the server can't be reached: {error}"}).encode()
    return response.status_code, response.content


def _owner(spike: Spike, email: str | None) -> OwnerId:
    """Return the user, or else the first one, who is created in an empty database.

    Raises:
        click.UsageError: there are users, but not the first one.
    """
    if email is not None:
        return found_owner(spike, email)
    created = first_user(spike)
    if created is not None:
        return created.user.id
    try:
        return spike.accounts.users.by_email(FIRST_EMAIL).id
    except UserNotFound as error:
        raise click.UsageError("please say by --user whose tokens and images they are") from error


@contextmanager
def _files_served(spike: Spike) -> Iterator[int]:
    """Serve this machine the application, for links in results, with the credentials that it always needs."""
    server = create_server(create_app(spike), host=_HOST, port=0, threads=_FILE_THREADS, ident=None)

    def run() -> None:
        with suppress(OSError):  # it is closed while it waits for requests
            server.run()

    threading.Thread(target=run, name="files", daemon=True).start()
    try:
        yield int(server.effective_port)
    finally:
        server.close()
