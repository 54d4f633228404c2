"""A single HTTP exchange with limits on size and time."""

from collections.abc import Callable
from typing import Final

import httpcore2
import httpx2
from attrs import field, frozen

from spike_network import Deadline
from spike_openai.errors import ImageServerError, TransientServerError
from spike_openai.server import ImageServer
from spike_openai.transport import DeadlineTransport

CONNECT_S_MAX: Final = 10.0
OK: Final = 200

_TIMEOUT: Final = httpx2.Timeout(None, connect=CONNECT_S_MAX)  # the deadline limits everything else

Message = Callable[[httpx2.Client], httpx2.Request]


@frozen(kw_only=True)
class ServerResponse:
    """A complete response."""

    status: int
    headers: httpx2.Headers
    body: bytes = field(repr=False)


def send(server: ImageServer, message: Message, *, deadline: Deadline, bytes_max: int) -> ServerResponse:
    """Send a request and return the response, whatever its status.

    Redirects aren't followed, so that the API key is sent only to the configured server.

    Raises:
        TransientServerError: connecting failed, or the response was missing, incomplete or late.
        ImageServerError: the response is longer than `bytes_max`, or compressed, which wasn't requested.
    """
    try:
        with _client(server, deadline) as client:
            response = client.send(message(client), stream=True)
            try:
                return ServerResponse(
                    status=response.status_code, headers=response.headers, body=_body(server, response, bytes_max)
                )
            finally:
                response.close()
    except httpcore2.TimeoutException:
        raise TransientServerError(f"{server} didn't respond in time") from None
    except httpcore2.ConnectError as error:  # the system says: connection refused, unknown host, untrusted certificate
        raise TransientServerError(f"{server} can't be reached: {error}") from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpx2.HTTPError, OSError) as error:
        raise TransientServerError(f"{server} sent no complete response: {type(error).__name__}") from None


def _client(server: ImageServer, deadline: Deadline) -> httpx2.Client:
    client = httpx2.Client(
        transport=DeadlineTransport(deadline),
        timeout=_TIMEOUT,
        follow_redirects=False,
        trust_env=False,
        headers={
            "User-Agent": "Spike",
            "Accept-Encoding": "identity",  # a compressed body could be a bomb
            "Connection": "close",
        },
    )
    if server.api_key:
        client.headers["Authorization"] = f"Bearer {server.api_key}"
    return client


def _body(server: ImageServer, response: httpx2.Response, bytes_max: int) -> bytes:
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in {"identity", ""}:
        raise ImageServerError(f"{server} sent a compressed response, which wasn't requested")
    body = bytearray()
    for piece in response.iter_raw():
        body += piece
        if len(body) > bytes_max:
            raise ImageServerError(f"{server} sent more than {bytes_max} bytes")
    return bytes(body)
