"""The downloader for URLs that users give."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import BinaryIO, Final, cast
from urllib.parse import urljoin

import httpcore2
from attrs import field, frozen

from spike_core.domain.errors import DownloadFailed, FileTooLarge
from spike_core.domain.limits import SOURCE_BYTES_MAX
from spike_fetch.network import AddressGuard, Judge, Resolve, resolved
from spike_fetch.ssrf_filter import Address, is_public
from spike_fetch.urls import check_url, encoded
from spike_network import Deadline, DeadlineBackend, Lookups, TlsContext

REDIRECTS_MAX: Final = 3
WAIT_S_MAX: Final = 5.0  # for one read, write or connection
DEADLINE_S: Final = 20.0  # for everything, including lookups, redirects and the last byte
PORTS: Final = frozenset({80, 443})  # services on other ports are seldom meant for the public

_IN_MEMORY_BYTES_MAX: Final = 1024 * 1024
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_OK: Final = 200
_HEADERS: Final = [
    (b"Accept", b"image/*"),
    (b"Accept-Encoding", b"identity"),  # a compressed body could be a bomb
    (b"User-Agent", b"Spike"),
    (b"Connection", b"close"),
]


def allowed(address: Address, port: int) -> bool:
    """Return whether a download may connect to this address and port."""
    return is_public(address) and port in PORTS


@frozen(kw_only=True)
class WebDownloader:
    """Downloads over http and https, without proxies, cookies, credentials or network settings of the environment."""

    resolve: Resolve = resolved
    validate: Judge = allowed
    deadline_s: float = DEADLINE_S
    size_bytes_max: int = SOURCE_BYTES_MAX
    _lookups: Lookups = field(factory=Lookups, init=False, repr=False)
    _tls: TlsContext = field(factory=TlsContext, init=False, repr=False)

    def download(self, url: str) -> AbstractContextManager[BinaryIO]:
        """Download the file at `url`; see the port."""
        return self._download(url)

    @contextmanager
    def _download(self, url: str) -> Iterator[BinaryIO]:
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES_MAX) as spool:
            content = cast("BinaryIO", spool)
            self._fetch(url, content)
            content.seek(0)
            yield content

    def _fetch(self, url: str, content: BinaryIO) -> None:
        deadline = Deadline.after(self.deadline_s, monotonic=time.monotonic)
        guard = AddressGuard(resolve=self.resolve, validate=self.validate, lookups=self._lookups, deadline=deadline)
        network = DeadlineBackend(deadline, choose_address=guard.choose, wait_s_max=WAIT_S_MAX)
        try:
            for _ in range(REDIRECTS_MAX + 1):
                redirected = self._follow(network, url, content)
                if redirected is None:
                    return
                url = redirected
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, OSError) as error:
            raise DownloadFailed from error
        raise DownloadFailed

    def _follow(self, network: DeadlineBackend, url: str, content: BinaryIO) -> str | None:
        """Send one request; write the file and return `None`, or return the URL of a redirect."""
        check_url(url)
        with (
            httpcore2.ConnectionPool(ssl_context=self._tls.of(url), network_backend=network) as pool,
            pool.stream("GET", encoded(url), headers=_HEADERS) as response,
        ):
            headers = {name.lower(): value for name, value in response.headers}
            if response.status in _REDIRECTS and b"location" in headers:
                return urljoin(url, headers[b"location"].decode("latin-1"))
            encoding = headers.get(b"content-encoding", b"identity").strip().lower()
            if response.status != _OK or encoding not in {b"identity", b""}:
                raise DownloadFailed
            size_bytes = 0
            for piece in response.iter_stream():
                size_bytes += len(piece)
                if size_bytes > self.size_bytes_max:
                    raise FileTooLarge(size_bytes_max=self.size_bytes_max)
                content.write(piece)
        return None
